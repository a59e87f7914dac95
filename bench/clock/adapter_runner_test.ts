import assert from "node:assert/strict";
import { parseFormat } from "../../allocator/mod.ts";
import { createBlockTable, type Layout } from "../../allocator/mod.ts";
import type { GroupRows, StorageType, TimedCache } from "../../kernel/mod.ts";
import { type AdapterRunner, openAdapterRunner } from "./adapter_runner.ts";
import { STEPS_PER_BATCH } from "./pending_batch.ts";
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
  const runner = await openAdapterRunner(timer, o.cache ?? cacheOf(), {
    now: secondsClock(),
    sampleSeed: 5,
  });
  return { runner, timer };
}

async function runAll(runner: AdapterRunner, steps: readonly GroupRows[]): Promise<number[]> {
  const times: number[] = [];
  for (const [index, step] of steps.entries()) {
    runner.enqueue(step);
    if (index % 16 === 15) times.push(...await runner.flush());
  }
  times.push(...await runner.flush());
  await runner.finish();
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
      // The last request asks for the rows of the batch before, and sends no step.
      assert.deepEqual(timer.requests.map(({ firstStep }) => firstStep), [0, 16, 32, 48]);
      assert.deepEqual(timer.requests.map(({ groups }) => groups.length), [16, 16, 16, 0]);
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
  await runner.finish();
  assert.equal(runner.cost().batches, 160);
  const { samples } = runner.cost();
  assert.ok(samples >= 3 && samples <= 25, `${samples}`);
});

/** Answers, released one by one. */
function holdAnswers(timer: ReturnType<typeof createTestingTimer>) {
  const held: (() => void)[] = [];
  const steps: typeof timer.steps = async (request) => {
    const answer = await timer.steps(request);
    await new Promise<void>((resolve) => held.push(resolve));
    return answer;
  };
  return { timer: { ...timer, steps }, held };
}

Deno.test("a batch is sent while another runs, and times come as their batches are answered", async () => {
  const { timer, held } = holdAnswers(createTestingTimer());
  const runner = await openAdapterRunner(timer, cacheOf(), { now: secondsClock() });
  const steps = stepsOf(cacheOf(), 3 * STEPS_PER_BATCH);
  const enqueue = (from: number) => {
    for (const step of steps.slice(from, from + STEPS_PER_BATCH - 1)) {
      runner.enqueue(step);
      assert.equal(runner.advance!(), null);
    }
    runner.enqueue(steps[from + STEPS_PER_BATCH - 1]);
    return runner.advance!();
  };
  const sent = () => timer.requests.map(({ groups }) => groups.length);
  assert.equal(enqueue(0), null);
  assert.deepEqual(sent(), [STEPS_PER_BATCH]);
  const first = enqueue(STEPS_PER_BATCH);
  assert.deepEqual(sent(), [STEPS_PER_BATCH, STEPS_PER_BATCH]);
  await waitFor(() => held.length === 2);
  held.shift()!();
  assert.equal((await first)!.length, STEPS_PER_BATCH);
  const second = enqueue(2 * STEPS_PER_BATCH);
  assert.equal(timer.requests[2].samples.length, 3);
  held.shift()!();
  assert.equal((await second)!.length, STEPS_PER_BATCH);
  const rest = runner.flush();
  await waitFor(() => held.length === 1);
  held.shift()!();
  assert.equal((await rest).length, STEPS_PER_BATCH);
});

async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("rows are named only after the batch that they are of was answered", async () => {
  const { runner, timer } = await open();
  await runAll(runner, stepsOf(cacheOf(), 64));
  for (const { firstStep, samples } of timer.requests) {
    for (let sample = 0; sample < samples.length; sample += 3) {
      assert.ok(samples[sample] < firstStep && samples[sample] >= firstStep - 16);
    }
  }
  assert.equal(timer.requests[0].samples.length, 0);
  assert.equal(timer.requests.reduce((sum, { samples }) => sum + samples.length / 3, 0), 4);
});

Deno.test("no one who knows the cache knows the rows that will be judged", async () => {
  const drawn = async () => {
    const timer = createTestingTimer();
    const runner = await openAdapterRunner(timer, cacheOf(), { now: secondsClock() });
    await runAll(runner, stepsOf(cacheOf(), 64));
    return timer.requests.map(({ samples }) => [...samples].join()).join(";");
  };
  assert.notEqual(await drawn(), await drawn());
});

Deno.test("a batch ends early where an adapter would have many outputs to keep", async () => {
  const cache = { ...cacheOf(), maxBatchTokens: 1 << 17 };
  const { runner, timer } = await open({ cache });
  const [step] = stepsOf(cache, 1);
  runner.enqueue(step);
  assert.equal(runner.advance!(), null);
  assert.deepEqual(timer.requests.map(({ groups }) => groups.length), [1]);
  assert.equal((await runner.flush()).length, 1);
});

Deno.test("all batches of a stretch are together no longer than the stretch", async () => {
  // Each of both is no longer than the time from its question to its answer, but they overlap.
  const { timer, held } = holdAnswers(createTestingTimer({
    answer: (answer) => ({ ...answer, milliseconds: answer.milliseconds.map((ms) => ms + 40) }),
  }));
  let now = 0;
  const runner = await openAdapterRunner(timer, cacheOf(), { now: () => now });
  const steps = stepsOf(cacheOf(), 2 * STEPS_PER_BATCH);
  for (const step of steps.slice(0, STEPS_PER_BATCH)) runner.enqueue(step);
  assert.equal(runner.advance!(), null);
  for (const step of steps.slice(STEPS_PER_BATCH)) runner.enqueue(step);
  const both = runner.advance!()!.then(() => runner.flush());
  await waitFor(() => held.length === 2);
  now = 4000;
  held.forEach((letGo) => letGo());
  await assert.rejects(both, { code: "bench/clock-refused", message: /and those before are said/ });
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
  await runner.finish();
});

Deno.test("verify() has rows of the step that was enqueued last judged beside later ones", async () => {
  const { runner, timer } = await open();
  const steps = stepsOf(cacheOf(), 3);
  for (const step of steps) runner.enqueue(step);
  assert.equal((await runner.verify(steps[2], { samples: 4, seed: 1 })).ok, true);
  assert.equal(timer.requests.length, 0);
  assert.equal((await runner.flush()).length, 3);
  await runner.finish();
  assert.equal(runner.cost().samples, 5);
  assert.ok(runner.cost().worstBudgetUsed > 0);
  const asked = timer.requests[1].samples;
  for (let row = 3; row < asked.length; row += 3) assert.equal(asked[row], 2);
  runner.forgetCost();
  assert.equal(runner.cost().samples, 0);
});

const refusals: readonly [string, Tampering, RegExp][] = [
  ["zeros", { output: (output) => output.map(() => 0) }, /output is wrong/],
  ["outputs of another input", { output: rememberOutputs() }, /output is wrong/],
  ["NaN", { output: (output) => output.map(() => 0x7fc0) }, /output is wrong/],
  [
    "outputs that it computes when it is asked for them",
    { answer: (answer) => ({ ...answer, digests: answer.digests.map(() => 1) }) },
    /not the one whose digest was given before it was asked for/,
  ],
  [
    "another output than it gave the digest of",
    { answer: (answer) => ({ ...answer, outputs: answer.outputs.map((bits) => bits ^ 1) }) },
    /not the one whose digest was given/,
  ],
  [
    "fewer outputs than asked",
    { answer: (answer) => ({ ...answer, outputs: answer.outputs.subarray(1) }) },
    /elements of sampled outputs came back/,
  ],
  [
    "more outputs than asked",
    { answer: (answer) => ({ ...answer, outputs: Uint16Array.of(...answer.outputs, 1) }) },
    /elements of sampled outputs came back/,
  ],
  [
    "no digests",
    { answer: (answer) => ({ ...answer, digests: new Uint32Array(0) }) },
    /0 words of digests came back, not \d+ tokens · 2 KV heads · 2/,
  ],
  ["negative times", timesBy((ms) => -ms), /is said to take -.* ms: a time is finite and above 0/],
  ["no times", timesBy(() => NaN), /is said to take NaN ms/],
  ["zero times", timesBy(() => 0), /is said to take 0 ms/],
  ["constant times", timesBy(() => 1), /are each said to take 1 ms, though they read/],
  ["times without work", timesBy((ms) => ms * 1e-9), /no processor is that fast/],
  ["times longer than passed", timesBy((ms) => ms + 1e6), /ms passed/],
];

function timesBy(change: (ms: number) => number): Tampering {
  return { answer: (answer) => ({ ...answer, milliseconds: answer.milliseconds.map(change) }) };
}

/** Gives every step the outputs of the first one of its size. */
function rememberOutputs(): (output: Uint16Array) => Uint16Array {
  const known = new Map<number, Uint16Array>();
  return (output) => {
    const first = known.get(output.length) ?? output;
    known.set(output.length, first);
    return first;
  };
}

for (const [name, tampering, message] of refusals) {
  Deno.test(`an adapter that answers with ${name} is refused`, async () => {
    const { runner } = await open({ tampering });
    await assert.rejects(runAll(runner, stepsOf(cacheOf(), 48)), {
      name: "BenchError",
      code: "bench/clock-refused",
      message,
    });
  });
}

Deno.test("wrong outputs of the last batch are found at the end of the replay", async () => {
  const { runner } = await open({ tampering: refusals[0][1] });
  for (const step of stepsOf(cacheOf(), 16)) runner.enqueue(step);
  assert.equal((await runner.flush()).length, 16);
  await assert.rejects(runner.finish(), { code: "bench/clock-refused" });
});

Deno.test("an adapter's declared arithmetic widens what is accepted, and no further", async () => {
  // Weights rounded to bf16 leave the float32 bound, which outputs off by three units do too.
  const off = (by: number) => (output: Uint16Array) => output.map((bits) => bits + by);
  const opened = { arithmetic: { weights: "storage", sums: "matrix" } } as const;
  const run = async (tampering: Tampering) =>
    await runAll((await open({ tampering })).runner, stepsOf(cacheOf(), 48));
  await assert.rejects(run({ output: off(1) }), /output is wrong/);
  await assert.rejects(run({ output: off(40), opened }), /output is wrong/);
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
