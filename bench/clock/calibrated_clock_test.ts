import assert from "node:assert/strict";
import { shardHeadMap } from "../../allocator/mod.ts";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { type CostModel, NO_FACTORS, openCard, SHIPPED_PROFILES } from "../card/mod.ts";
import { type Side, SIDES } from "../result/mod.ts";
import { createCalibratedClock } from "./calibrated_clock.ts";
import { placementOfWorkload, servedWorkload } from "./served_workload.ts";
import type { StepTimes } from "./step_clock.ts";

const workload = requireLoaded(await loadWorkload("eb45-21b-a3b-32k-bf16-kv50-512s"));
const cost: CostModel = {
  card: openCard("H100", SHIPPED_PROFILES()),
  links: [],
  model: servedWorkload(workload),
  placement: placementOfWorkload(workload),
  promptKernel: "triton-paged",
  decodeKernel: "triton-paged",
  factors: NO_FACTORS,
};

function times(side: Side, rows: readonly (readonly [query: number, cached: number])[]): StepTimes {
  const slots = workload.scheduler.maxSequences;
  const batch = {
    step: 0,
    table: null as never,
    queryLengths: new Int32Array(slots),
    cachedLengths: new Int32Array(slots),
    tokens: 0,
    sampledRows: rows.length,
  };
  rows.forEach(([query, cached], slot) => {
    batch.queryLengths[slot] = query;
    batch.cachedLengths[slot] = cached;
    batch.tokens += query;
  });
  const heads = shardHeadMap(workload.headMap, { tensorParallel: 1, rank: 0 });
  const clock = createCalibratedClock({ workload, heads, side, cost });
  clock.enqueue(batch);
  return clock.flush() as StepTimes;
}

const DECODE = Array.from({ length: 28 }, (): [number, number] => [1, 24_000]);

Deno.test("createCalibratedClock() gives the step of a measured loop within a few per cent", () => {
  // 28 decode rows over 685,618 tokens took 27.9 ms on an H100.
  const rows = Array.from({ length: 28 }, (): [number, number] => [1, 24_486]);
  const { attentionMs, restMs } = times(SIDES["uniform"], rows);
  assert.ok(Math.abs((attentionMs[0] + restMs[0]) / 27.95 - 1) < 0.05);
});

Deno.test("createCalibratedClock() charges a side for the keys that it walks", () => {
  const decode = (name: keyof typeof SIDES) => times(SIDES[name], DECODE).attentionMs[0];
  // One of four heads reads 4,096 of 24,001 tokens.
  const expected = (3 + 4096 / 24_001) / 4;
  assert.ok(Math.abs(decode("headwise") / decode("uniform") - expected) < 0.03);
  assert.equal(decode("two-pass"), 2 * decode("uniform"));
  const prompt = (name: keyof typeof SIDES) => times(SIDES[name], [[8192, 16384]]).attentionMs[0];
  assert.ok(prompt("headwise") < 0.85 * prompt("uniform"));
});
