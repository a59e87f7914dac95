import assert from "node:assert/strict";
import { join } from "node:path";
import type { CliContext, CliStream } from "../terminal/context.ts";
import { watchFiles } from "./watch_files.ts";

interface Watched {
  /** Waits until the n-th run, counted from 1, has ended and the files are watched. */
  readonly untilRun: (ordinal: number) => Promise<void>;
  /** What was written to standard error. */
  readonly stderr: () => string;
  readonly stop: AbortController;
  readonly ended: Promise<unknown>;
}

function watch(files: readonly string[], run: (ordinal: number) => void): Watched {
  const stop = new AbortController();
  let text = "";
  let runs = 0;
  const waiting = new Map<number, () => void>();
  const stream: CliStream = {
    write(part) {
      text += part;
      if (part.startsWith("Watching")) waiting.get(runs)?.();
    },
    getColorDepth: () => 1,
    isTerminal: false,
    columns: 100,
  };
  const context: CliContext = {
    process: { stdout: stream, stderr: stream, env: {} },
    signal: stop.signal,
    readTextFile: Deno.readTextFile,
  };
  const ended = watchFiles(context, {
    run: () => Promise.resolve(run(++runs)),
    files: () => Promise.resolve(files),
    pollMs: 5,
  }).catch((error: unknown) => error);
  const untilRun = (ordinal: number): Promise<void> =>
    runs >= ordinal
      ? Promise.resolve()
      : new Promise((resolve) => waiting.set(ordinal, () => resolve()));
  return { untilRun, stderr: () => text, stop, ended };
}

async function withFile(run: (file: string) => Promise<void>): Promise<void> {
  await Deno.mkdir("results/tests", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results/tests" });
  const file = join(folder, "fixture.yaml");
  try {
    await Deno.writeTextFile(file, "one");
    await run(file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("watchFiles() runs again when a file is written, replaced, removed and back", async () => {
  await withFile(async (file) => {
    const seen: string[] = [];
    const watched = watch([file], () => {
      try {
        seen.push(Deno.readTextFileSync(file));
      } catch {
        seen.push("missing");
      }
    });
    await watched.untilRun(1);
    await Deno.writeTextFile(file, "written");
    await watched.untilRun(2);
    await Deno.writeTextFile(`${file}.new`, "swapped");
    await Deno.rename(`${file}.new`, file);
    await watched.untilRun(3);
    await Deno.remove(file);
    await watched.untilRun(4);
    await Deno.writeTextFile(file, "back");
    await watched.untilRun(5);
    watched.stop.abort();
    await watched.ended;
    assert.deepEqual(seen, ["one", "written", "swapped", "missing", "back"]);
  });
});

Deno.test("watchFiles() sees a file put in the place of one as long and as old", async () => {
  await withFile(async (file) => {
    const seen: string[] = [];
    const watched = watch([file], () => void seen.push(Deno.readTextFileSync(file)));
    await watched.untilRun(1);
    await Deno.writeTextFile(`${file}.new`, "two");
    const { atime, mtime } = await Deno.stat(file);
    await Deno.utime(`${file}.new`, atime!, mtime!);
    await Deno.rename(`${file}.new`, file);
    assert.deepEqual((await Deno.stat(file)).mtime, mtime);
    await watched.untilRun(2);
    watched.stop.abort();
    await watched.ended;
    assert.deepEqual(seen, ["one", "two"]);
  });
});

Deno.test("watchFiles() runs once for changes that follow each other at once", async () => {
  await withFile(async (file) => {
    let runs = 0;
    const watched = watch([file], () => void runs++);
    await watched.untilRun(1);
    for (let edit = 0; edit < 5; edit++) Deno.writeTextFileSync(file, `edit ${"x".repeat(edit)}`);
    await watched.untilRun(2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    watched.stop.abort();
    await watched.ended;
    assert.equal(runs, 2);
  });
});

Deno.test("watchFiles() sees a change that was made during a run", async () => {
  await withFile(async (file) => {
    const watched = watch([file], (ordinal) => {
      if (ordinal === 1) Deno.writeTextFileSync(file, "changed during the run");
    });
    await watched.untilRun(2);
    watched.stop.abort();
    await watched.ended;
  });
});

Deno.test("watchFiles() shows a fault of what was given and continues", async () => {
  await withFile(async (file) => {
    const watched = watch([file], (ordinal) => {
      if (ordinal === 1) throw new Deno.errors.NotFound("No such file: 'model.yaml'");
    });
    await watched.untilRun(1);
    assert.match(
      watched.stderr(),
      /^No such file: 'model\.yaml'\nWatching .*fixture\.yaml; Ctrl-C/,
    );
    await Deno.writeTextFile(file, "fixed");
    await watched.untilRun(2);
    watched.stop.abort();
    assert.equal((await watched.ended as DOMException).name, "AbortError");
  });
});

Deno.test("watchFiles() ends when the tool itself is at fault", async () => {
  await withFile(async (file) => {
    const watched = watch([file], () => {
      throw new TypeError("a fault");
    });
    assert.equal((await watched.ended as Error).message, "a fault");
  });
});
