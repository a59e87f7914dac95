/** Values at the ends of their ranges, and NaN where no query looks. */
import assert from "node:assert/strict";
import { compareWithOracle } from "../compare.ts";
import { poisonUnread } from "../poison.ts";
import type { AttentionProblem } from "../problem.ts";
import { randomProblem } from "../random_problem.ts";
import { encodeValue, STORAGE_FORMATS, type StorageType } from "../storage_type.ts";
import { attendOnGpu } from "./attend_on_gpu.ts";
import type { Gpu } from "./gpu.ts";
import { testWithGpu } from "./testing.ts";

const STORAGES: readonly StorageType[] = ["bf16", "f16"];

/** Decode rows, speculative rows and a chunk: every program of the kernel. */
function mixedProblem(storage: StorageType): AttentionProblem {
  return randomProblem({
    seed: 11,
    shape: {
      batch: 4,
      queryHeads: 8,
      kvHeads: 2,
      headSize: 64,
      pageSizeTokens: 16,
      pages: 40,
      columns: 12,
      layout: "headwise",
      storage,
    },
    queryLengths: [1, 4, 20, 1],
    cachedLengths: [150, 60, 70, 5],
    headWindows: [24, 0],
    sinkTokens: 3,
  });
}

async function assertRight(
  gpu: Gpu,
  problem: AttentionProblem,
  o: { walk?: "row" | "visible"; splitTokens?: number } = {},
): Promise<void> {
  const { output, logSumExp, arithmetic } = await attendOnGpu(gpu, problem, {
    ...o,
    returnLogSumExp: true,
  });
  const verdict = compareWithOracle({ problem, output, logSumExp: logSumExp!, arithmetic });
  assert.ok(verdict.ok, verdict.message);
}

for (const walk of ["row", "visible"] as const) {
  testWithGpu(
    `attendOnGpu() keeps NaN of keys that no query sees out, walk ${walk}`,
    async (gpu) => {
      for (const storage of STORAGES) {
        const problem = poisonUnread(mixedProblem(storage), { reach: "unseen" });
        await assertRight(gpu, problem, { walk });
        await assertRight(gpu, problem, { walk, splitTokens: 32 });
      }
    },
  );
}

testWithGpu(
  "attendOnGpu() stays finite where values lie near the largest of their type",
  async (gpu) => {
    for (const storage of STORAGES) {
      const problem = mixedProblem(storage);
      const large = encodeValue(storage, 0.97 * STORAGE_FORMATS[storage].maxFinite);
      const values = problem.values.map((bits) => large | (bits & 0x8000));
      const same = problem.values.map(() => large);
      for (const each of [values, same]) {
        for (const splitTokens of [32, 512]) {
          const edge = { ...problem, values: each };
          const { output, arithmetic } = await attendOnGpu(gpu, edge, { splitTokens });
          const verdict = compareWithOracle({ problem: edge, output, arithmetic });
          assert.equal(verdict.unbounded, 0);
          assert.ok(verdict.ok, verdict.message);
        }
      }
    }
  },
);

testWithGpu("attendOnGpu() gives one NaN of a visible value to its element alone", async (gpu) => {
  for (const storage of STORAGES) {
    const problem = mixedProblem(storage);
    const values = problem.values.slice();
    const page = problem.table[0];
    const { kvHeads, pageSizeTokens, headSize } = problem.shape;
    // Token 2 of slot 0's first head, a sink: its decode row sees it.
    values[(page * kvHeads * pageSizeTokens + 2) * headSize + 5] =
      STORAGE_FORMATS[storage].quietNan;
    const { output } = await attendOnGpu(gpu, { ...problem, values });
    const verdict = compareWithOracle({ problem: { ...problem, values }, output });
    assert.ok(verdict.ok, verdict.message);
    const isNaNAt = [...output].map((bits) =>
      (bits & 0x7fff) > (storage === "bf16" ? 0x7f80 : 0x7c00)
    );
    const group = problem.shape.queryHeads / kvHeads;
    const expected = Array.from({ length: group }, (_, head) => head * headSize + 5);
    assert.deepEqual(isNaNAt.flatMap((is, i) => is ? [i] : []), expected);
  }
});
