import assert from "node:assert/strict";
import { createBlockTable } from "../../allocator/mod.ts";
import {
  createAdapterClock,
  openAdapterRunner,
  parseTimeTable,
  restOfLayer,
} from "../clock/mod.ts";
import { createTestingTimer } from "../clock/testing_timer.ts";
import { runBench } from "./run_bench.ts";
import { runnerSettings } from "./runner_settings.ts";
import { tinyWorkload } from "./test_support.ts";
import type { Side } from "../result/mod.ts";
import type { Tampering } from "../clock/testing_timer.ts";

const WORKLOAD = tinyWorkload();
const REQUESTS = [0, 1, 2].map((id) => ({ id, arrivalMs: 0, inputTokens: 40, outputTokens: 5 }));

function openRunner(
  tampering: Tampering,
  batches: number[],
  timers: ReturnType<typeof createTestingTimer>[] = [],
) {
  return async (side: Side) => {
    const settings = runnerSettings(WORKLOAD, side);
    const timer = createTestingTimer(tampering);
    timers.push(timer);
    let now = 0;
    const runner = await openAdapterRunner(timer, {
      ...settings,
      form: side.form,
      layerGroups: settings.headWindows.length,
      headWindows: Int32Array.from(settings.headWindows.flatMap((row) => [...row])),
      layers: 2,
      seed: 3,
    }, { now: () => now += 1000 });
    const destroy = () =>
      void batches.push(timer.requests.filter(({ groups }) => groups.length > 0).length);
    return { ...runner, destroy, shapeOfTest: settings.shape };
  };
}

async function run(tampering: Tampering = {}) {
  const batches: number[] = [];
  const result = await runBench({
    workload: WORKLOAD,
    pairs: 2,
    trace: { name: "three.csv", sha256: "", dropped: {}, requests: REQUESTS },
    clock: { kind: "adapter", command: "exec:x", openRunner: openRunner(tampering, batches) },
  });
  return { result, batches };
}

Deno.test("a result says whose kernel was timed, and what the protocol took", async () => {
  const { result, batches } = await run();
  const { clock, clockCost, verification, environment } = result;
  assert.equal(clock.kind, "adapter");
  assert.equal(clock.software, true);
  assert.equal(clock.adapter!.command, "exec:x");
  assert.equal(clock.adapter!.kernels["headwise"], "oracle, headwise");
  assert.equal(clock.adapter!.kernels["uniform"], "oracle, row");
  assert.equal(environment.adapter, "a card of tests");
  assert.equal(verification.method, "adapter");
  assert.ok(verification.checks >= clockCost!.samples && clockCost!.samples > 0);
  // The warm-up of each of three sides is a batch that is not counted.
  assert.equal(clockCost!.batches, batches.reduce((sum, count) => sum + count, 0) - 3);
  assert.ok(clockCost!.steps > clockCost!.batches);
  // A request is with the adapter for a second by the clock of tests, which claims what it likes.
  const claims = clockCost!.sides!;
  assert.deepEqual(Object.keys(claims), result.sides.map(({ name }) => name));
  const sum = (key: "stepMs" | "sentMs") =>
    Object.values(claims).reduce((total, each) => total + each[key], 0);
  assert.ok(Math.abs(sum("stepMs") - clockCost!.stepMs!) < 1e-9);
  assert.ok(Object.values(claims).every(({ sentMs }) => sentMs >= 1000), JSON.stringify(claims));
  assert.ok(
    result.sides.every(({ runs }) => runs.every(({ performance }) => performance !== null)),
  );
});

Deno.test("where no one waits for times, a replay asks in full batches and sends what changed", async () => {
  const timers: ReturnType<typeof createTestingTimer>[] = [];
  const requests = [0, 1, 2].map((id) => ({
    id,
    arrivalMs: 0,
    inputTokens: 40,
    outputTokens: 200,
  }));
  const result = await runBench({
    workload: WORKLOAD,
    pairs: 1,
    warmupSteps: 0,
    trace: { name: "long.csv", sha256: "", dropped: {}, requests },
    clock: { kind: "adapter", command: "exec:x", openRunner: openRunner({}, [], timers) },
  });
  for (const [side, { requests: sent }] of timers.entries()) {
    const { steps } = result.sides[side].runs[0].performance!;
    const sizes = sent.map(({ groups }) => groups.length);
    assert.equal(sizes.reduce((sum, size) => sum + size, 0), steps);
    // Full batches, what was left, and the rows of the last ones.
    assert.deepEqual(sizes.slice(0, -2), Array(Math.floor(steps / 64)).fill(64));
    assert.equal(sizes.at(-1), 0);
    assert.deepEqual(sent.map(({ table }) => table !== null), sizes.map((_, index) => index === 0));
    // A page of 16 tokens is taken every 16 steps: a few entries per step, whatever the table's size.
    const changed = sent.reduce((sum, { changes }) => sum + changes.length / 2, 0);
    assert.ok(changed <= steps, `${changed} entries in ${steps} steps`);
  }
});

Deno.test("sides that an adapter times on different cards are refused", async () => {
  let opened = 0;
  const tampering = {
    get opened() {
      return { card: `card ${opened++}` };
    },
  };
  await assert.rejects(run(tampering), {
    code: "bench/clock-refused",
    message: /Cannot compare times of 'card 0' \(driver null\) with times of 'card 1'/,
  });
});

Deno.test("a wrong kernel ends the run without a result", async () => {
  await assert.rejects(run({ output: (output) => output.map(() => 0) }), {
    code: "bench/clock-refused",
    message: /output is wrong/,
  });
});

Deno.test("createAdapterClock() leaves both passes of a form to the adapter", async () => {
  const { heads } = runnerSettings(WORKLOAD, { layout: "uniform" } as Side);
  const runner = await openRunner({}, [])({ form: "two-pass", layout: "uniform" } as Side);
  const rest = {} as Parameters<typeof createAdapterClock>[0]["rest"];
  const clock = createAdapterClock({ runner, heads, rest });
  assert.equal(clock.opened.kernel, "oracle, two-pass");
  assert.equal(clock.kind, "adapter");
});

Deno.test("an adapter clock bounds what is pending by the slowest step before, for its size", async () => {
  const { heads } = runnerSettings(WORKLOAD, { layout: "uniform" } as Side);
  const runner = await openRunner({}, [])({ form: "row", layout: "uniform" } as Side);
  const rest = restOfLayer(WORKLOAD, { ...WORKLOAD.ceilings!, source: "fixture" });
  const clock = createAdapterClock({ runner, heads, rest });
  const { batch, columns, kvHeads } = runner.shapeOfTest;
  const table = createBlockTable({
    layout: "uniform",
    layerGroups: 1,
    slots: batch,
    kvHeads,
    columns,
  });
  table.ids.fill(0);
  const step = (cached: number) => ({
    step: 0,
    table,
    queryLengths: new Int32Array(batch).fill(1, 0, 1),
    cachedLengths: new Int32Array(batch).fill(cached, 0, 1),
    tokens: 1,
    sampledRows: 1,
  });
  clock.enqueue(step(10));
  assert.equal(clock.mostPendingMs!(), Infinity);
  const { attentionMs, restMs } = await clock.flush();
  assert.equal(clock.mostPendingMs!(), 0);
  clock.enqueue(step(10));
  const one = clock.mostPendingMs!();
  assert.ok(Math.abs(one - (2 * attentionMs[0] + restMs[0])) < 1e-9);
  clock.enqueue(step(30));
  assert.ok(clock.mostPendingMs!() > 2 * one);
});

Deno.test("a result of a table says how well it interpolates, and takes one pair", async () => {
  const lines = ["form,sequences,query_tokens,context_tokens,window_tokens,microseconds"];
  const { heads } = runnerSettings(WORKLOAD, { layout: "uniform" } as Side);
  for (const form of ["row", "clipped", "headwise"]) {
    for (const sequences of [1, 4]) {
      for (const query of [1, 8, 64]) {
        for (const context of [4, 16, 64, 256]) {
          const time = (5 + sequences * query * context / 100).toFixed(3);
          lines.push(
            [form, sequences, query, Math.max(query, context), heads.windowTokens, time].join(),
          );
        }
      }
    }
  }
  const table = parseTimeTable(lines.join("\n"), { file: "results/times.csv" });
  const { clock, verification, sides } = await runBench({
    workload: WORKLOAD,
    trace: { name: "three.csv", sha256: "", dropped: {}, requests: REQUESTS },
    clock: { kind: "table", table },
  });
  assert.equal(clock.kind, "table");
  assert.equal(clock.deterministic, true);
  assert.equal(clock.table!.name, "times.csv");
  assert.equal(clock.table!.rows, lines.length - 1);
  assert.ok(clock.table!.rowsLeftOut > 0);
  assert.ok(clock.table!.leaveOutErrorPercent!.p90 >= clock.table!.leaveOutErrorPercent!.median);
  assert.ok(clock.table!.furthestFactor >= 1 && clock.table!.furthestFactor <= 1.5);
  assert.equal(verification.method, "oracle");
  assert.ok(sides.every(({ runs }) => runs.length === 1 && runs[0].performance !== null));
});
