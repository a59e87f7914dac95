import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import type { GroupRows, StepRunner } from "../../kernel/mod.ts";
import { createGpuClock, restOfLayer, type StepClock } from "../clock/mod.ts";
import {
  requestsOf,
  tinyHeads,
  tinyRanks,
  tinyScheduler,
  tinyWorkload,
} from "../run/test_support.ts";
import { replay } from "./replay.ts";

const REQUESTS = 12;
const OUTPUT_TOKENS = 120;

/** A device whose steps take as long as they read, give or take a fifth, and that counts its reads. */
function noisyRunner(): StepRunner & { readonly reads: () => number } {
  const random = createRandom(3);
  const pending: number[] = [];
  let reads = 0;
  const keysOf = ({ queryLengths, cachedLengths }: GroupRows): number =>
    queryLengths.reduce(
      (sum, query, slot) => sum + (query > 0 ? query + cachedLengths[slot] : 0),
      0,
    );
  return {
    layersMeasured: 2,
    maxPendingBatches: 256,
    reads: () => reads,
    enqueue: (batch) =>
      void pending.push((1 + keysOf(batch) / 200) * (1 + random.nextBelow(20) / 100)),
    flush() {
      reads++;
      return Promise.resolve(Float64Array.from(pending.splice(0)));
    },
    verify: () => Promise.resolve({ ok: true, worstBudgetUsed: 0, message: "" }),
    destroy: () => {},
  };
}

/** Replays requests that come about every 40 steps, each of 120 steps. */
async function play(change: (clock: StepClock) => StepClock) {
  const runner = noisyRunner();
  const workload = tinyWorkload();
  const rest = restOfLayer(workload, { ...workload.ceilings!, source: "fixture" });
  const clock = createGpuClock({ runner, heads: tinyHeads(), rest });
  const scheduler = tinyScheduler({ maxSequences: 8, maxBatchedTokens: 64 });
  const log = await replay({
    requests: requestsOf(
      Array.from({ length: REQUESTS }, (_, id) => [id * 250, 60 + id, OUTPUT_TOKENS]),
    ),
    scheduler,
    speculative: null,
    ranks: tinyRanks({ scheduler, pagesPerHead: 120 }),
    clock: change(clock),
    seed: 1,
  });
  const { startMs, endMs, timed } = log.timeline;
  return {
    reads: runner.reads(),
    schedule: [startMs.slice(0, timed), endMs.slice(0, timed), log.times.firstSteps],
    steps: timed,
  };
}

Deno.test("replay() reads a GPU's times a few times an arrival, not every step, and plans the same", async () => {
  const asked = await play(({ mostPendingMs: _, ...clock }) => clock);
  const bounded = await play((clock) => clock);
  assert.ok(asked.steps > 40 * REQUESTS / 2, `${asked.steps} steps`);
  assert.ok(asked.reads > asked.steps / 2, `${asked.reads} reads`);
  assert.ok(bounded.reads <= 10 * REQUESTS, `${bounded.reads} reads`);
  assert.deepEqual(bounded.schedule, asked.schedule);
});
