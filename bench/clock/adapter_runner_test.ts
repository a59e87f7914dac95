import assert from "node:assert/strict";
import { parseFormat } from "../../allocator/mod.ts";
import { createBlockTable, type Layout } from "../../allocator/mod.ts";
import type { GroupRows, StorageType, TimedAnswer, TimedCache } from "../../kernel/mod.ts";
import { type AdapterRunner, openAdapterRunner, STEPS_PER_BATCH } from "./adapter_runner.ts";
import { createTestingTimer, type Tampering } from "./testing_timer.ts";

function cacheOf(o: {
  readonly layout?: Layout;
  readonly storage?: StorageType;
  readonly learnedSinks?: boolean;
} = {}): TimedCache {
  return {
    shape: {
      batch: 3,
      queryHeads: 6,
      kvHeads: 2,
      headSize: 64,
      pageSizeTokens: 16,
      pages: 24,
      poolPages: 96,
      columns: 8,
      layout: o.layout ?? "headwise",
      storage: o.storage ?? "bf16",
    },
    form: "headwise",
    layerGroups: 2,
    headWindows: Int32Array.of(0, 24, 24, 24),
    sinkTokens: 4,
    scoreScale: null,
    learnedSinks: o.learnedSinks ?? false,
    layers: 3,
    maxBatchTokens: 64,
    seed: 11,
  };
}

/** A replay of steps that grow by a token each, over pages that nothing else uses. */
function stepsOf(cache: TimedCache, count: number): GroupRows[] {
  const { shape: { layout, batch, kvHeads, columns, pageSizeTokens }, layerGroups } = cache;
  const table = createBlockTable({ layout, layerGroups, slots: batch, kvHeads, columns });
  const rows = table.ids.length / columns;
  return Array.from({ length: count }, (_, step) => {
    const queryLengths = Int32Array.of(1, step % 3 === 0 ? 0 : 5, 1);
    const cachedLengths = Int32Array.of(40 + step % 60, 10 + step % 50, step % 100);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const id = layout === "pooled" ? row * columns + column : row * 7 + column * 5 + step;
        table.ids[row * columns + column] = id % (layout === "pooled" ? 96 : 24);
      }
    }
    const ids = table.ids.slice();
    assert.ok(Math.max(...cachedLengths) + 5 <= columns * pageSizeTokens);
    return { table: { ...table, ids }, group: step % layerGroups, queryLengths, cachedLengths };
  });
}

/** Reads time in steps of a second, so that no claimed time is longer than what passed. */
function secondsClock(): () => number {
  let now = 0;
  return () => now += 1000;
}

async function open(
  o: { readonly cache?: TimedCache; readonly tampering?: Tampering } = {},
): Promise<{ runner: AdapterRunner; timer: ReturnType<typeof createTestingTimer> }> {
  const timer = createTestingTimer(o.tampering);
  const runner = await openAdapterRunner(timer, o.cache ?? cacheOf(), { now: secondsClock() });
  return { runner, timer };
}

async function runAll(runner: AdapterRunner, steps: readonly GroupRows[]): Promise<number[]> {
  const times: number[] = [];
  for (const [index, step] of steps.entries()) {
    runner.enqueue(step);
    if (index % 16 === 15) times.push(...await runner.flush());
  }
  times.push(...await runner.flush());
  runner.finish();
  return times;
}

Deno.test("an adapter that does the work is believed, in every layout and type", async () => {
  for (const layout of ["uniform", "headwise", "pooled"] as const) {
    for (const storage of ["bf16", "f16"] as const) {
      const cache = cacheOf({ layout, storage, learnedSinks: storage === "f16" });
      const { runner, timer } = await open({ cache });
      const times = await runAll(runner, stepsOf(cache, 48));
      assert.equal(times.length, 48);
      assert.equal(runner.cost().batches, 3);
      assert.equal(runner.cost().samples, 3);
      assert.deepEqual(timer.requests.map(({ firstStep }) => firstStep), [0, 16, 32]);
      assert.equal(runner.layersMeasured, 3);
    }
  }
});

Deno.test("short batches are sampled in proportion to their steps", async () => {
  const { runner } = await open();
  for (const step of stepsOf(cacheOf(), 160)) {
    runner.enqueue(step);
    await runner.flush();
  }
  runner.finish();
  assert.equal(runner.cost().batches, 160);
  const { samples } = runner.cost();
  assert.ok(samples >= 3 && samples <= 25, `${samples}`);
});

Deno.test("the whole table goes out once, then what a step reads otherwise than before", async () => {
  const cache = cacheOf();
  const { runner, timer } = await open({ cache });
  const [first, second] = stepsOf(cache, 2);
  runner.enqueue(first);
  await runner.flush();
  runner.enqueue(first);
  const changed = first.table.ids.slice();
  changed[2] = (changed[2] + 1) % 24; // slot 0, head 0, the last page of group 0
  changed[7] = 23; // past the row's length: no one reads it
  runner.enqueue({ ...first, table: { ...first.table, ids: changed } });
  runner.enqueue({ ...first, group: second.group, table: { ...first.table, ids: changed } });
  await runner.flush();
  const [whole, changes] = timer.requests;
  assert.deepEqual(whole.table, first.table.ids);
  assert.equal(changes.table, null);
  assert.deepEqual([...changes.changes], [2, changed[2]]);
  assert.deepEqual([...changes.changeStarts], [0, 0, 1, 1]);
  runner.finish();
});

Deno.test("verify() judges rows of the step that was enqueued last, and keeps its time", async () => {
  const { runner } = await open();
  const steps = stepsOf(cacheOf(), 3);
  for (const step of steps) runner.enqueue(step);
  const verdict = await runner.verify(steps[2], { samples: 4, seed: 1 });
  assert.equal(verdict.ok, true);
  assert.equal((await runner.flush()).length, 3);
  assert.equal(runner.cost().samples, 5);
  assert.equal(runner.maxPendingBatches, STEPS_PER_BATCH);
});

const refusals: readonly [string, Tampering["answer"] & object, RegExp][] = [
  ["zeros", (answer) => ({ ...answer, outputs: answer.outputs.map(() => 0) }), /output is wrong/],
  ["outputs of another input", rememberOutputs(), /output is wrong/],
  [
    "NaN",
    (answer) => ({ ...answer, outputs: answer.outputs.map(() => 0x7fc0) }),
    /output is wrong/,
  ],
  [
    "fewer outputs than asked",
    (answer) => ({ ...answer, outputs: answer.outputs.subarray(1) }),
    /elements of sampled outputs came back/,
  ],
  ["negative times", timesBy((ms) => -ms), /is said to take -.* ms: a time is finite and above 0/],
  ["no times", timesBy(() => NaN), /is said to take NaN ms/],
  ["zero times", timesBy(() => 0), /is said to take 0 ms/],
  ["constant times", timesBy(() => 1), /are each said to take 1 ms, though they read/],
  ["times without work", timesBy((ms) => ms * 1e-9), /no processor is that fast/],
  ["times longer than passed", timesBy((ms) => ms + 1e6), /ms passed/],
];

function timesBy(change: (ms: number) => number): (answer: TimedAnswer) => TimedAnswer {
  return (answer) => ({ ...answer, milliseconds: answer.milliseconds.map(change) });
}

/** Gives every batch the outputs of the first one of its size. */
function rememberOutputs(): (answer: TimedAnswer) => TimedAnswer {
  const known = new Map<number, Uint16Array>();
  return (answer) => {
    const outputs = known.get(answer.outputs.length) ?? answer.outputs;
    known.set(outputs.length, outputs);
    return { ...answer, outputs };
  };
}

for (const [name, answer, message] of refusals) {
  Deno.test(`an adapter that answers with ${name} is refused`, async () => {
    const { runner } = await open({ tampering: { answer } });
    await assert.rejects(runAll(runner, stepsOf(cacheOf(), 48)), {
      name: "BenchError",
      code: "bench/clock-refused",
      message,
    });
  });
}

Deno.test("wrong outputs of the last batch are found at the end of the replay", async () => {
  const answer = refusals[0][1];
  const { runner } = await open({ tampering: { answer } });
  for (const step of stepsOf(cacheOf(), 16)) runner.enqueue(step);
  assert.equal((await runner.flush()).length, 16);
  assert.throws(() => runner.finish(), { code: "bench/clock-refused" });
});

Deno.test("an adapter's declared arithmetic widens what is accepted, and no further", async () => {
  // Weights rounded to bf16 leave the float32 bound, which outputs off by three units do too.
  const off = (by: number) => (answer: TimedAnswer) => ({
    ...answer,
    outputs: answer.outputs.map((bits) => bits + by),
  });
  const opened = { arithmetic: { weights: "storage", sums: "matrix" } } as const;
  const run = async (tampering: Tampering) =>
    await runAll((await open({ tampering })).runner, stepsOf(cacheOf(), 48));
  await assert.rejects(run({ answer: off(1) }), /output is wrong/);
  await assert.rejects(run({ answer: off(40), opened }), /output is wrong/);
  assert.equal((await run({ opened })).length, 48);
});

Deno.test("a cache that the adapter does not take is refused with its reason", async () => {
  const timer = createTestingTimer();
  const refusing = {
    ...timer,
    open: () =>
      Promise.resolve({ kind: "refused", code: "form", message: "only headwise" } as const),
  };
  await assert.rejects(openAdapterRunner(refusing, cacheOf()), {
    code: "bench/clock-refused",
    message: /does not take form 'headwise' \(form\): only headwise/,
  });
});

Deno.test("a quantised cache is refused before the adapter is asked, with what to do", async () => {
  const cache = cacheOf();
  const shape = { ...cache.shape, keyFormat: parseFormat("int8")! };
  await assert.rejects(openAdapterRunner(createTestingTimer(), { ...cache, shape }), {
    code: "bench/clock-refused",
    message: /set cache\.dtype to bf16/,
  });
});
