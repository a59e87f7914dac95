import assert from "node:assert/strict";
import type { Layout } from "../../allocator/mod.ts";
import { compareWithOracle } from "../compare.ts";
import type { AttentionProblem } from "../problem.ts";
import { randomProblem, type RandomProblemOptions } from "../random_problem.ts";
import type { StorageType } from "../storage_type.ts";
import { attendOnGpu, type AttendOnGpuOptions } from "./attend_on_gpu.ts";
import { defaultTuning } from "./specialisation.ts";
import { testWithGpu } from "./testing.ts";
import type { Gpu } from "./gpu.ts";

interface Sizes {
  readonly layout?: Layout;
  readonly storage?: StorageType;
  readonly group?: number;
  readonly kvHeads?: number;
  readonly headSize?: number;
  readonly pageSizeTokens?: number;
}

function problem(sizes: Sizes, o: Partial<RandomProblemOptions> = {}): AttentionProblem {
  const queryLengths = o.queryLengths ?? [1, 0, 5, 1, 17];
  const cachedLengths = o.cachedLengths ?? [200, 33, 70, 0, 0];
  const pageSizeTokens = sizes.pageSizeTokens ?? 16;
  const kvHeads = sizes.kvHeads ?? 2;
  let pages = 2;
  let columns = 1;
  for (let slot = 0; slot < queryLengths.length; slot++) {
    const held = Math.ceil((queryLengths[slot] + cachedLengths[slot]) / pageSizeTokens);
    pages += held;
    columns = Math.max(columns, held);
  }
  return randomProblem({
    seed: 7,
    queryLengths,
    cachedLengths,
    shape: {
      batch: queryLengths.length,
      queryHeads: kvHeads * (sizes.group ?? 2),
      kvHeads,
      headSize: sizes.headSize ?? 64,
      pageSizeTokens,
      pages,
      poolPages: pages * kvHeads,
      columns,
      layout: sizes.layout ?? "headwise",
      storage: sizes.storage ?? "bf16",
    },
    ...o,
  });
}

async function assertRight(
  gpu: Gpu,
  p: AttentionProblem,
  o: AttendOnGpuOptions = {},
): Promise<void> {
  const { output, logSumExp } = await attendOnGpu(gpu, p, { ...o, returnLogSumExp: true });
  const verdict = compareWithOracle({ problem: p, output, logSumExp: logSumExp! });
  assert.ok(verdict.ok, verdict.message);
}

for (const layout of ["uniform", "headwise", "pooled"] as const) {
  for (const storage of ["bf16", "f16"] as const) {
    testWithGpu(`attendOnGpu() agrees with the oracle when ${layout} ${storage}`, async (gpu) => {
      await assertRight(gpu, problem({ layout, storage }));
    });
  }
}

for (const [headSize, group] of [[64, 1], [64, 12], [128, 5], [128, 8], [256, 2]]) {
  testWithGpu(`attendOnGpu() agrees when D=${headSize} and G=${group}`, async (gpu) => {
    await assertRight(gpu, problem({ headSize, group, kvHeads: 1 }));
  });
}

for (const pageSizeTokens of [16, 64, 256]) {
  testWithGpu(`attendOnGpu() agrees when P=${pageSizeTokens}`, async (gpu) => {
    await assertRight(gpu, problem({ pageSizeTokens }));
  });
}

for (
  const [group, tokens, headSizes] of [[5, 2, [128]], [1, 20, [64]], [8, 7, [64, 128, 256]], [
    4,
    40,
    [128],
  ]] as const
) {
  for (const headSize of headSizes) {
    const rows = group * tokens;
    testWithGpu(
      `attendOnGpu() agrees when ${rows} rows of D=${headSize} share their keys`,
      async (gpu) => {
        const lengths = { queryLengths: [tokens, tokens, 1], cachedLengths: [37, 0, 90] };
        const windows = { headWindows: [50], sinkTokens: 3, poison: true };
        const p = problem({ headSize, group, kvHeads: 1 }, { ...lengths, ...windows });
        await assertRight(gpu, p, { splitTokens: 48 });
      },
    );
  }
}

for (const walk of ["row", "visible"] as const) {
  for (const splitTokens of [16, 48, 4096]) {
    testWithGpu(
      `attendOnGpu() keeps windows, sinks, holes and poison apart when walk=${walk} and a split has ${splitTokens} tokens`,
      async (gpu) => {
        const p = problem({ pageSizeTokens: 16 }, {
          headWindows: [0, 40],
          sinkTokens: 20,
          recycled: true,
          poison: true,
        });
        await assertRight(gpu, p, { walk, splitTokens });
      },
    );
  }
}

testWithGpu("attendOnGpu() obeys mask ranges when they replace the causal limit", async (gpu) => {
  const windows = { headWindows: [0, 24], sinkTokens: 5 };
  await assertRight(gpu, problem({}, { maskRanges: true }));
  await assertRight(gpu, problem({}, { maskRanges: true, ...windows }), { splitTokens: 16 });
});

testWithGpu("attendOnGpu() obeys a tree mask over the step's own tokens", async (gpu) => {
  await assertRight(gpu, problem({}, { treeMask: true }));
});

testWithGpu("attendOnGpu() adds a learned sink once whatever the splits", async (gpu) => {
  await assertRight(gpu, problem({ group: 4 }, { learnedSinks: true }));
  await assertRight(gpu, problem({ group: 4 }, { learnedSinks: true }), { splitTokens: 16 });
});

testWithGpu("attendOnGpu() gives 0 when every page of a row is a hole", async (gpu) => {
  const p = problem({}, { queryLengths: [1, 1], cachedLengths: [40, 20] });
  p.table.fill(-1, 0, p.shape.columns);
  await assertRight(gpu, p);
  const { output } = await attendOnGpu(gpu, p);
  assert.ok(output.subarray(0, 2 * 64).every((bits) => bits === 0));
});

testWithGpu("attendOnGpu() gives the same bits when run twice", async (gpu) => {
  const p = problem({}, { headWindows: [0, 40] });
  const first = await attendOnGpu(gpu, p, { splitTokens: 16 });
  const second = await attendOnGpu(gpu, p, { splitTokens: 16 });
  assert.deepEqual(first.output, second.output);
});

testWithGpu("attendOnGpu() writes into a given buffer when asked", async (gpu) => {
  const p = problem({});
  const into = new Uint16Array(p.query.length);
  const outcome = await attendOnGpu(gpu, p, { into });
  assert.equal(outcome.output, into);
  assert.deepEqual(into, (await attendOnGpu(gpu, p)).output);
  await assert.rejects(attendOnGpu(gpu, p, { into: new Uint16Array(3) }), /\[T, Hq, D\]/);
});

for (
  const tuning of [
    {
      subgroups: 1,
      lanesPerKey: 1,
      keysPerGroup: 1,
      valuesInFlight: 1,
      parallelItems: 4,
    },
    {
      subgroups: 4,
      lanesPerKey: 4,
      keysPerGroup: 2,
      valuesInFlight: 2,
      parallelItems: 16,
    },
    {
      subgroups: 3,
      lanesPerKey: 8,
      keysPerGroup: 4,
      valuesInFlight: 4,
      parallelItems: 100,
    },
  ]
) {
  const name = `${tuning.subgroups}x${tuning.lanesPerKey}x${tuning.keysPerGroup}`;
  testWithGpu(`attendOnGpu() gives right answers when tuned ${name}`, async (gpu) => {
    await assertRight(gpu, problem({ group: 5 }, { headWindows: [0, 40] }), { tuning });
  });
}

for (
  const [lanesPerKey, keysPerGroup, headSize] of [[4, 2, 64], [8, 4, 128], [16, 8, 64], [8, 4, 256]]
) {
  const name = `${lanesPerKey}x${keysPerGroup}, D=${headSize}`;
  testWithGpu(`attendOnGpu() agrees when a subgroup holds eight rows, ${name}`, async (gpu) => {
    const tuning = {
      ...defaultTuning(gpu.target),
      rowsOfSubgroup: 8,
      lanesPerKey: Math.min(lanesPerKey, gpu.target.subgroupSize || lanesPerKey),
      keysPerGroup,
    } as const;
    const p = problem({ group: 8, headSize, kvHeads: 1 }, {
      headWindows: [90],
      sinkTokens: 3,
      poison: true,
    });
    await assertRight(gpu, p, { tuning, splitTokens: 64 });
  });
}

testWithGpu("attendOnGpu() joins splits in the last workgroup of a tile", async (gpu) => {
  const many = { ...defaultTuning(gpu.target), parallelItems: 24 };
  const short = { subgroups: 4, mergesInside: true };
  for (const tuning of [{ ...many, mergesInside: true }, { ...many, parallelItems: 48, short }]) {
    for (const group of [2, 8]) {
      const p = problem({ group }, { queryLengths: [1, 1], cachedLengths: [700, 1300] });
      await assertRight(gpu, p, { tuning });
    }
  }
});

testWithGpu("attendOnGpu() lets no NaN of a hidden key through, walked or not", async (gpu) => {
  const p = problem({ group: 1 }, {
    queryLengths: [1],
    cachedLengths: [200],
    headWindows: [0, 40],
  });
  const { columns, kvHeads, pageSizeTokens, headSize } = p.shape;
  const id = p.table[columns];
  // Key 5 of head 1, far behind the window: its weight is 0, and 0 · NaN is NaN. That whole rows are
  // read is counted by the plan (`keysRead`).
  const row = (id * kvHeads + 1) * pageSizeTokens + 5;
  const values = p.values.slice();
  values.fill(0x7fc0, row * headSize, (row + 1) * headSize);
  const isNaNs = async (walk: "row" | "visible") =>
    (await attendOnGpu(gpu, { ...p, values }, { walk })).output.some((bits) => bits === 0x7fc0);
  assert.deepEqual([await isNaNs("visible"), await isNaNs("row")], [false, false]);
});

testWithGpu("attendOnGpu() agrees when the cache is split over several bindings", async (gpu) => {
  const p = problem({}, { headWindows: [0, 40], recycled: true, poison: true });
  const pageBytes = 2 * 16 * 64 * 2;
  const pages = p.shape.pages;
  await assertRight({ ...gpu, maxBindingBytes: Math.ceil(pages / 2) * pageBytes }, p);
});
