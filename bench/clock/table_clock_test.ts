import assert from "node:assert/strict";
import { createBlockTable, headMapFromLayers } from "../../allocator/mod.ts";
import { SIDES } from "../result/mod.ts";
import { tinyScheduler, tinyWorkload } from "../run/test_support.ts";
import { restOfLayer } from "./rest_of_layer.ts";
import type { StepBatch } from "./step_clock.ts";
import { callsOfStep, createTableClock } from "./table_clock.ts";
import { parseTimeTable } from "./time_table.ts";

const WORKLOAD = tinyWorkload({ scheduler: tinyScheduler({ maxSequences: 4 }) });
const REST = restOfLayer(WORKLOAD, { ...WORKLOAD.ceilings!, source: "fixture" });
const HEADS = headMapFromLayers({
  kindsByLayer: [["window", "full"], ["full", "full"], ["window", "full"]],
  windowTokens: 16,
  sinkTokens: 0,
});
const HEADER = "form,sequences,query_tokens,context_tokens,window_tokens,milliseconds";

function clockOf(lines: readonly string[]) {
  const table = parseTimeTable([HEADER, ...lines].join("\n"), { file: "t.csv" });
  const side = SIDES.headwise;
  return createTableClock({ table, workload: WORKLOAD, heads: HEADS, side, rest: REST });
}

function batchOf(queryLengths: readonly number[], cachedLengths: readonly number[]): StepBatch {
  return {
    step: 0,
    table: createBlockTable({
      layout: "headwise",
      layerGroups: 2,
      slots: 4,
      kvHeads: 2,
      columns: 16,
    }),
    queryLengths: Int32Array.from(queryLengths),
    cachedLengths: Int32Array.from(cachedLengths),
    tokens: queryLengths.reduce((sum, length) => sum + length, 0),
    sampledRows: 1,
  };
}

Deno.test("callsOfStep() joins requests with as many new tokens at their mean context", () => {
  assert.deepEqual(callsOfStep(batchOf([1, 0, 30, 1], [63, 9, 0, 20])), [
    { queryTokens: 1, sequences: 2, contextTokens: 43 },
    { queryTokens: 30, sequences: 1, contextTokens: 30 },
  ]);
});

Deno.test("createTableClock() adds up calls and layers of each class", async () => {
  const clock = clockOf([
    "headwise,2,1,43,16,3",
    "headwise,1,30,30,16,10",
    "headwise,2,1,43,0,5",
    "headwise,1,30,30,0,20",
  ]);
  clock.enqueue(batchOf([1, 0, 30, 1], [63, 9, 0, 20]));
  const { attentionMs } = await clock.flush();
  // Two layers with a window head, one without.
  assert.deepEqual([...attentionMs], [2 * (3 + 10) + (5 + 20)]);
  assert.equal(clock.deterministic, true);
});

Deno.test("createTableClock() refuses sizes too far outside, with the size", () => {
  const clock = clockOf(["headwise,1,1,64,16,3", "headwise,1,1,64,0,5"]);
  clock.enqueue(batchOf([1, 0, 0, 0], [89, 0, 0, 0]));
  assert.ok(Math.abs(clock.describeTable().furthestFactor - 90 / 64) < 1e-9);
  assert.throws(() => clock.enqueue(batchOf([1, 0, 0, 0], [127, 0, 0, 0])), {
    code: "bench/clock-refused",
    message: /1 requests of 1 new tokens at 128 keys .* 2\.00 times outside .* 1\.5 is the most/,
  });
});

Deno.test("createTableClock() names the calls that it has where a class has none", () => {
  assert.throws(() => clockOf(["row,1,1,64,16,3", "headwise,1,1,64,0,5"]), {
    code: "bench/clock-refused",
    message: /no calls of form 'headwise' with W 16 on 1 heads, only of row with W 16, headwise/,
  });
});

Deno.test("describeTable() has the largest error of the kinds of calls that are used", () => {
  const kind = (window: number, times: readonly number[]) =>
    times.map((time, index) => `headwise,1,1,${32 << index},${window},${time}`);
  const [good, bad] = [kind(16, [32, 64, 128]), kind(0, [32, 128, 128])];
  const unused = ["row,1,1,9,0,5"];
  const { leaveOutErrorPercent, rows, rowsLeftOut } = clockOf([...good, ...bad, ...unused])
    .describeTable();
  assert.equal(rows, 7);
  assert.equal(rowsLeftOut, 2);
  assert.ok(Math.abs(leaveOutErrorPercent!.median - 50) < 0.1);
  assert.ok(Math.abs(leaveOutErrorPercent!.p90 - 50) < 0.1);
});

Deno.test("describeTable() has no error where lines of a kind cannot be left out", () => {
  const lines = [32, 64, 128].map((context) => `headwise,1,1,${context},16,${context}`);
  const { leaveOutErrorPercent } = clockOf([...lines, "headwise,1,1,9,0,5"]).describeTable();
  assert.equal(leaveOutErrorPercent, null);
});
