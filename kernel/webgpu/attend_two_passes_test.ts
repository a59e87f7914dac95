import assert from "node:assert/strict";
import { randomProblem } from "../random_problem.ts";
import { attendOnGpu } from "./attend_on_gpu.ts";
import { attendInTwoPasses } from "./attend_two_passes.ts";
import { testWithGpu } from "./testing.ts";

for (const headWindows of [[0, 24, 0], [24, 24, 24], [0, 0, 0]]) {
  testWithGpu(
    `attendInTwoPasses() gives the bits of one pass when windows are ${headWindows}`,
    async (gpu) => {
      const problem = randomProblem({
        seed: 4,
        queryLengths: [1, 0, 9],
        cachedLengths: [70, 5, 20],
        headWindows,
        sinkTokens: 3,
        shape: {
          batch: 3,
          queryHeads: 6,
          kvHeads: 3,
          headSize: 64,
          pageSizeTokens: 16,
          pages: 12,
          columns: 6,
          layout: "headwise",
          storage: "f16",
        },
      });
      const twice = await attendInTwoPasses(gpu, problem);
      const fresh = await attendOnGpu(gpu, problem, { returnLogSumExp: true });

      assert.deepEqual(twice.output, fresh.output);
      assert.deepEqual(twice.logSumExp, fresh.logSumExp);
    },
  );
}
