import { runCli } from "./app.ts";
import type { CliContext, CliStream } from "./terminal/context.ts";
import { wantsColor } from "./terminal/paint.ts";

/** What a run of the tool left behind. */
export interface CapturedRun {
  readonly exitCode: number;
  /** Text on standard output. */
  readonly stdout: string;
  /** Text on standard error. */
  readonly stderr: string;
}

/** The world of a captured run; everything left out is empty. */
export interface CapturedWorld {
  /** Environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Files by path, in place of the real ones. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether both streams are a terminal. */
  readonly isTerminal?: boolean;
  /** Signal of Ctrl-C. */
  readonly signal?: AbortSignal;
}

/** Runs the tool in this process with streams, environment and settings files of its own. */
export async function capture(
  args: readonly string[],
  world: CapturedWorld = {},
): Promise<CapturedRun> {
  const { environment = {}, files = {}, isTerminal = false } = world;
  const text = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr"): CliStream => ({
    write: (part) => void (text[name] += part),
    getColorDepth: () => wantsColor({ environment, isTerminal }) ? 4 : 1,
    isTerminal,
    columns: 100,
  });
  const context: CliContext = {
    process: { stdout: stream("stdout"), stderr: stream("stderr"), env: environment },
    signal: world.signal ?? new AbortController().signal,
    readTextFile(path) {
      const found = files[path];
      if (found !== undefined) return Promise.resolve(found);
      return Promise.reject(new Deno.errors.NotFound(`No such file: '${path}'`));
    },
  };
  const exitCode = await runCli(args, context);
  return { exitCode, ...text };
}
