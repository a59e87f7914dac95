import { setTimeout } from "node:timers/promises";
import { type CliContext, paintOf, writeLines } from "../terminal/mod.ts";
import { EXIT } from "../exit_code.ts";
import { describeFault } from "../fault.ts";

/** What is run again and again, and when. */
export interface WatchOptions {
  /** Runs once. What it throws is shown, and a fault of what was given does not end the watch. */
  readonly run: () => Promise<void>;
  /** Files that the next run depends on; asked for before each run. */
  readonly files: () => Promise<readonly string[]>;
  /** Time between two looks at the files. @default {200} */
  readonly pollMs?: number;
}

/**
 * Runs now, and again each time one of the files has changed, until Ctrl-C.
 *
 * Files are looked at rather than subscribed to: that also sees network file systems and mounts of
 * containers, and a file that an editor puts in the place of the old one. A change counts once the
 * files have stayed the same for one look, so that a file is not read half written. A change during a
 * run starts the next one when the run has ended.
 *
 * @throws {Error} An AbortError at Ctrl-C.
 */
export async function watchFiles(context: CliContext, o: WatchOptions): Promise<never> {
  const { stderr } = context.process;
  const paint = paintOf(stderr);
  for (;;) {
    const files = await o.files();
    const before = await fingerprintOf(files);
    try {
      await o.run();
    } catch (error) {
      const { text, exitCode } = describeFault(error);
      if (exitCode === EXIT.interrupted || exitCode === EXIT.internal) throw error;
      writeLines(stderr, [paint.red(text)]);
    }
    // The verdict of one run is not that of the watch, which only Ctrl-C ends.
    delete context.process.exitCode;
    writeLines(stderr, [paint.dim(`Watching ${files.join(", ")}; Ctrl-C ends it`)]);
    await changeOf(files, { before, pollMs: o.pollMs ?? 200, signal: context.signal });
  }
}

async function changeOf(
  files: readonly string[],
  o: { readonly before: string; readonly pollMs: number; readonly signal: AbortSignal },
): Promise<void> {
  let last = o.before;
  for (;;) {
    await setTimeout(o.pollMs, undefined, { signal: o.signal });
    const now = await fingerprintOf(files);
    if (now === last && now !== o.before) return;
    last = now;
  }
}

/** Says of each file whether it is there, which one it is, and when it was written. */
async function fingerprintOf(files: readonly string[]): Promise<string> {
  const parts = files.map(async (file) => {
    try {
      const { ino, size, mtime } = await Deno.stat(file);
      return `${ino} ${size} ${mtime?.getTime()}`;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "missing";
      throw error;
    }
  });
  return (await Promise.all(parts)).join("\n");
}
