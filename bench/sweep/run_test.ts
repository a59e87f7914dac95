import assert from "node:assert/strict";
import { mergeSweeps, parseSweep, serializeSweep } from "./file.ts";
import { runSweep, type SweepOptions } from "./run.ts";
import type { Sweep } from "./types.ts";

const FOLDER = "results/tests/sweep";
await Deno.mkdir(FOLDER, { recursive: true });

async function fresh(name: string): Promise<string> {
  const file = `${FOLDER}/${name}.jsonl`;
  try {
    await Deno.remove(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return file;
}

function options(file: string, changes: Partial<SweepOptions> = {}): SweepOptions {
  return {
    fixture: "smoke",
    axes: {
      windowTokens: [16, 64],
      ratio: [],
      contextTokens: [],
      batch: [1, 4],
      pageSizeTokens: [],
    },
    file,
    ...changes,
  };
}

Deno.test("runSweep() leaves a header and a row a point", async () => {
  const file = await fresh("whole");
  const { rows } = await runSweep(options(file));
  assert.deepEqual(rows.map(({ index }) => index), [0, 1, 2, 3]);
  assert.deepEqual(rows.map(({ point }) => point.windowTokens), [16, 16, 64, 64]);
  assert.ok(rows.every(({ clock, error }) => clock === "model" && error === null));
  const [uniform, , headwise] = rows[1].sides;
  assert.ok(headwise.meanTbtMs! < uniform.meanTbtMs!);
  const stored = parseSweep(await Deno.readTextFile(file), { file });
  assert.deepEqual(stored.rows, rows);
});

Deno.test("runSweep() continues where it stopped, wherever the file was cut off", async () => {
  const file = await fresh("cut");
  const { rows } = await runSweep(options(file));
  const text = await Deno.readTextFile(file);
  const second = text.indexOf("\n", text.indexOf("\n") + 1) + 1;
  // In the middle of the header, after the first row, and in the middle of the second.
  for (const [length, left] of [[40, 4], [second, 3], [second + 25, 3]]) {
    await Deno.writeTextFile(file, text.slice(0, length));
    const ran: number[] = [];
    const again = await runSweep(options(file, { onPoint: ({ point }) => ran.push(point.index) }));
    assert.equal(ran.length, left);
    assert.deepEqual(again.rows, rows);
    assert.equal(await Deno.readTextFile(file), text);
  }
});

Deno.test("runSweep() runs nothing when all points are there", async () => {
  const file = await fresh("done");
  await runSweep(options(file));
  await runSweep(options(file, { onPoint: () => assert.fail("it ran a point again") }));
});

Deno.test("runSweep() gives rows in the order of the grid, whatever the order of the file", async () => {
  const file = await fresh("order");
  const { rows } = await runSweep(options(file));
  const [header, ...lines] = (await Deno.readTextFile(file)).trimEnd().split("\n");
  for (const order of [[3, 1, 2, 0], [2, 0, 3]]) {
    const text = [header, ...order.map((index) => lines[index])].join("\n");
    await Deno.writeTextFile(file, `${text}\n`);
    assert.deepEqual((await runSweep(options(file))).rows, rows);
  }
});

Deno.test("runSweep() keeps what it has when it is stopped, and can be gone on with", async () => {
  const file = await fresh("stopped");
  const stop = new AbortController();
  const stopped = runSweep(options(file, {
    signal: stop.signal,
    // The replay looks at the signal now and then; a clock that opens after the stop is enough.
    openClock: () => {
      if (parseSweep(Deno.readTextFileSync(file), { file }).rows.length === 2) {
        stop.abort();
        throw new DOMException("stopped", "AbortError");
      }
      return Promise.resolve({
        options: { clock: { kind: "model", reason: null } },
        close: () => {},
      });
    },
  }));
  await assert.rejects(stopped, { name: "AbortError" });
  assert.equal((await runSweep(options(file))).rows.length, 4);
});

Deno.test("runSweep() sees a stop between two points, however short they are", async () => {
  const file = await fresh("seen");
  const stop = new AbortController();
  const onPoint: SweepOptions["onPoint"] = ({ done }) => {
    // What a signal does: it is heard when the event loop turns.
    if (done === 1) setTimeout(() => stop.abort(), 0);
  };
  const stopped = runSweep(options(file, { signal: stop.signal, onPoint }));
  await assert.rejects(stopped, { code: "bench/aborted" });
  assert.equal(parseSweep(await Deno.readTextFile(file), { file }).rows.length, 2);
});

Deno.test("runSweep() refuses the file of another sweep", async () => {
  const file = await fresh("other");
  await runSweep(options(file));
  await assert.rejects(runSweep(options(file, { seed: 9 })), /sweep with other settings.*another/);
  await Deno.writeTextFile(file, "notes of mine");
  await assert.rejects(runSweep(options(file)), /it is not a sweep/);
  assert.equal(await Deno.readTextFile(file), "notes of mine");
});

Deno.test("runSweep() keeps a point that cannot be replayed as a row with its error", async () => {
  const file = await fresh("error");
  const axes = { ...options(file).axes, contextTokens: [100, 100_000], batch: [] };
  const { rows } = await runSweep(options(file, { axes }));
  assert.deepEqual(rows.map(({ error }) => error === null), [true, false, true, false]);
  assert.match(rows[1].error!, /fixture\/pool-too-small/);
});

Deno.test("mergeSweeps() gives the whole sweep when its shards are merged in any order", async () => {
  const whole = await runSweep(options(await fresh("merge-whole")));
  const shards: { file: string; sweep: Sweep }[] = [];
  for (const part of [3, 1, 2]) {
    const file = await fresh(`merge-${part}`);
    await runSweep(options(file, { shard: { part, parts: 3 } }));
    shards.push({ file, sweep: parseSweep(await Deno.readTextFile(file), { file }) });
  }
  const merged = mergeSweeps(shards);
  assert.equal(
    serializeSweep(merged.header, merged.rows),
    serializeSweep(whole.header, whole.rows),
  );
  // A point in two shards is fine while both say the same.
  assert.deepEqual(mergeSweeps([...shards, shards[0]]).rows, merged.rows);
  const [row, ...rest] = shards[0].sweep.rows;
  const changed = { ...shards[0].sweep, rows: [{ ...row, error: "other" }, ...rest] };
  assert.throws(
    () => mergeSweeps([...shards, { file: "changed", sweep: changed }]),
    /point \d differs/,
  );
});

Deno.test("mergeSweeps() refuses shards of different sweeps", async () => {
  const sweeps: { file: string; sweep: Sweep }[] = [];
  for (const seed of [1, 2]) {
    const file = await fresh(`seed-${seed}`);
    await runSweep(options(file, { seed, shard: { part: 1, parts: 4 } }));
    sweeps.push({ file, sweep: parseSweep(await Deno.readTextFile(file), { file }) });
  }
  assert.throws(() => mergeSweeps(sweeps), /different sweeps/);
});

Deno.test("runSweep() refuses a shard that there is not", async () => {
  const file = await fresh("shard");
  const shard = { part: 5, parts: 4 };
  await assert.rejects(runSweep(options(file, { shard })), /shard '5\/4'/);
});

Deno.test("runSweep() refuses a grid of more points than it can list, before any file is made", async () => {
  const file = await fresh("grid");
  const many = Array.from({ length: 400 }, (_, index) => index + 1);
  const { axes } = options(file);
  const huge = { ...axes, windowTokens: many, contextTokens: many, batch: [1] };
  await assert.rejects(
    runSweep(options(file, { axes: huge, shard: { part: 1, parts: 10 ** 6 } })),
    /over 160000 points: give at most 100000/,
  );
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
});
