import assert from "node:assert/strict";
import type { Layout } from "../../allocator/mod.ts";
import { compareAppend } from "../append_reference.ts";
import type { AppendProblem, Rotary } from "../problem.ts";
import { randomAppend } from "../random_problem.ts";
import type { StorageType } from "../storage_type.ts";
import { appendOnGpu } from "./append_on_gpu.ts";
import type { Gpu } from "./gpu.ts";
import { testWithGpu } from "./testing.ts";

interface Sizes {
  readonly layout?: Layout;
  readonly storage?: StorageType;
  readonly headSize?: number;
  readonly rotary?: Rotary;
}

function problem(o: Sizes): AppendProblem {
  return randomAppend({
    seed: 3,
    queryLengths: [1, 0, 5, 18],
    cachedLengths: [100, 33, 0, 14],
    rotary: o.rotary ?? { style: "interleaved", theta: 500_000, rotaryDimensions: 64 },
    shape: {
      batch: 4,
      queryHeads: 4,
      kvHeads: 2,
      headSize: o.headSize ?? 64,
      pageSizeTokens: 16,
      pages: 16,
      poolPages: 32,
      columns: 8,
      layout: o.layout ?? "headwise",
      storage: o.storage ?? "bf16",
    },
  });
}

async function assertRight(gpu: Gpu, p: AppendProblem): Promise<void> {
  const verdict = compareAppend({ problem: p, outcome: await appendOnGpu(gpu, p) });
  assert.ok(verdict.ok, verdict.message);
}

for (const layout of ["uniform", "headwise", "pooled"] as const) {
  for (const storage of ["bf16", "f16"] as const) {
    testWithGpu(
      `appendOnGpu() writes what the reference writes when ${layout} ${storage}`,
      (gpu) => assertRight(gpu, problem({ layout, storage })),
    );
  }
}

for (
  const rotary of [
    { style: "none", theta: 10_000, rotaryDimensions: 64 },
    { style: "interleaved", theta: 10_000, rotaryDimensions: 32 },
    { style: "neox", theta: 10_000, rotaryDimensions: 64 },
    { style: "neox", theta: 10_000, rotaryDimensions: 42 },
  ] as const
) {
  const name = `${rotary.style} over ${rotary.rotaryDimensions} of 64 dimensions`;
  testWithGpu(
    `appendOnGpu() rotates as the reference when ${name}`,
    (gpu) => assertRight(gpu, problem({ rotary })),
  );
}

testWithGpu("appendOnGpu() drops and counts writes when pages are holes", async (gpu) => {
  const p = problem({});
  // Head 1 of slot 3 loses the page of its first new token.
  p.table[(3 * 2 + 1) * 8] = -1;
  const outcome = await appendOnGpu(gpu, p);
  assert.equal(outcome.droppedWrites, 2);
  const verdict = compareAppend({ problem: p, outcome });
  assert.ok(verdict.ok, verdict.message);
});

testWithGpu("appendOnGpu() writes into the right part when the cache is split", async (gpu) => {
  await assertRight({ ...gpu, maxBindingBytes: 8 * 2 * 16 * 64 * 2 }, problem({}));
});
