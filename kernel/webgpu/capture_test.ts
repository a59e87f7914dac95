import assert from "node:assert/strict";
import type { Layout } from "../../allocator/mod.ts";
import { compareWithOracle } from "../compare.ts";
import type { AttentionProblem } from "../problem.ts";
import { randomProblem } from "../random_problem.ts";
import { attendOnGpu } from "./attend_on_gpu.ts";
import { captureStep } from "./capture.ts";
import { testWithGpu } from "./testing.ts";

function problem(
  layout: Layout,
  o: { cachedLengths: number[]; pageOrder: "identity" | "shuffled"; seed: number },
): AttentionProblem {
  return randomProblem({
    ...o,
    queryLengths: [1, 1, 3],
    headWindows: [0, 24],
    sinkTokens: 4,
    shape: {
      batch: 3,
      queryHeads: 4,
      kvHeads: 2,
      headSize: 64,
      pageSizeTokens: 16,
      pages: 12,
      columns: 4,
      layout,
      storage: "bf16",
    },
  });
}

const FULL = [63, 63, 61];

for (const layout of ["uniform", "headwise"] as const) {
  testWithGpu(`captureStep() replays the bits of a fresh run when ${layout}`, async (gpu) => {
    const step = await captureStep(
      gpu,
      problem(layout, { cachedLengths: FULL, pageOrder: "identity", seed: 1 }),
    );
    for (const cachedLengths of [[40, 0, 12], [3, 62, 61], FULL]) {
      const next = problem(layout, { cachedLengths, pageOrder: "shuffled", seed: 2 });
      const replayed = await step.replay(next);
      const fresh = await attendOnGpu(gpu, next, { returnLogSumExp: true });
      assert.deepEqual(replayed.output, fresh.output);
      assert.deepEqual(replayed.logSumExp, fresh.logSumExp);
      assert.equal(replayed.objectsMade, 0);
      const verdict = compareWithOracle({ problem: next, output: replayed.output });
      assert.ok(verdict.ok, verdict.message);
    }
    step.destroy();
  });
}

testWithGpu("captureStep() refuses a table that is not the identity one", async (gpu) => {
  const shuffled = problem("headwise", { cachedLengths: FULL, pageOrder: "shuffled", seed: 1 });
  await assert.rejects(captureStep(gpu, shuffled), { clause: "capture/table-present" });
  const empty = { ...shuffled, table: shuffled.table.map(() => -1) };
  await assert.rejects(captureStep(gpu, empty), { clause: "capture/table-present" });
});

testWithGpu("CapturedStep.replay() refuses other shapes", async (gpu) => {
  const recorded = problem("headwise", { cachedLengths: FULL, pageOrder: "identity", seed: 1 });
  const step = await captureStep(gpu, recorded);
  const other = randomProblem({
    seed: 1,
    queryLengths: [1],
    cachedLengths: [3],
    shape: { ...recorded.shape, batch: 1 },
  });
  await assert.rejects(step.replay(other), { clause: "capture/static" });
  step.destroy();
});
