import assert from "node:assert/strict";
import type { Layout } from "../../allocator/mod.ts";
import { compareWithOracle } from "../compare.ts";
import type { AttentionProblem, AttentionShape } from "../problem.ts";
import {
  formatName,
  parseFormat,
  QUANTISED_FORMATS,
  type QuantisedFormat,
} from "../quantised/quantised_format.ts";
import { randomProblem, type RandomProblemOptions } from "../random_problem.ts";
import { attendOnGpu, type AttendOnGpuOptions } from "./attend_on_gpu.ts";
import { withoutCounters } from "./attend_planning.ts";
import type { Gpu } from "./gpu.ts";
import { defaultTuning } from "./specialisation.ts";
import { testWithGpu } from "./testing.ts";

interface Sizes extends Partial<AttentionShape> {
  readonly keyFormat?: QuantisedFormat;
  readonly valueFormat?: QuantisedFormat;
}

/** A decode row, a prefill that fills a tile, and an idle slot. */
function problem(sizes: Sizes, o: Partial<RandomProblemOptions> = {}): AttentionProblem {
  const queryLengths = [1, 0, 17];
  const cachedLengths = [100, 33, 3];
  return randomProblem({
    seed: 7,
    queryLengths,
    cachedLengths,
    headWindows: [0, 24],
    poison: true,
    shape: {
      batch: queryLengths.length,
      queryHeads: 4,
      kvHeads: 2,
      headSize: 64,
      pageSizeTokens: 16,
      pages: 20,
      columns: 8,
      layout: "headwise",
      storage: "bf16",
      ...sizes,
    },
    ...o,
  });
}

async function assertRight(
  gpu: Gpu,
  p: AttentionProblem,
  o: AttendOnGpuOptions = {},
): Promise<void> {
  const { output, logSumExp, arithmetic } = await attendOnGpu(gpu, p, {
    ...o,
    returnLogSumExp: true,
  });
  const verdict = compareWithOracle({ problem: p, output, logSumExp: logSumExp!, arithmetic });
  const { keyFormat, valueFormat } = p.shape;
  assert.ok(verdict.ok, `${formatName(keyFormat)} ${formatName(valueFormat)}: ${verdict.message}`);
}

const LAYOUTS: readonly Layout[] = ["uniform", "headwise", "pooled"];

// Every code type with every granularity; types of scales, layouts and 16-bit types alternate.
const KINDS = QUANTISED_FORMATS.filter(({ scaleType }, index) =>
  scaleType === "fp8_e4m3" || index % 3 === Math.floor(index / 3) % 3
);
for (const [index, keyFormat] of KINDS.entries()) {
  const valueFormat = KINDS[(index * 5 + 2) % KINDS.length];
  const layout = LAYOUTS[index % 3];
  const storage = index % 2 === 0 ? "bf16" : "f16";
  const name = `keys ${formatName(keyFormat)} and values ${formatName(valueFormat)}`;
  testWithGpu(
    `attendOnGpu() agrees with the oracle when ${name} (${layout} ${storage})`,
    (gpu) => assertRight(gpu, problem({ keyFormat, valueFormat, layout, storage })),
  );
}

for (
  const [name, headSize, group, pageSizeTokens] of [
    ["int8:channel:f32", 128, 5, 64],
    ["fp8_e4m3:inline:f16", 64, 8, 32],
    ["int4", 256, 3, 16],
    ["fp4", 128, 2, 16],
  ] as const
) {
  const format = parseFormat(name)!;
  const sizes = { headSize, queryHeads: 2 * group, pageSizeTokens };
  testWithGpu(
    `attendOnGpu() agrees when ${name}, D=${headSize}, G=${group}, P=${pageSizeTokens}`,
    (gpu) => assertRight(gpu, problem({ keyFormat: format, valueFormat: format, ...sizes })),
  );
}

for (const name of ["int8:token:f32", "int4"]) {
  const format = parseFormat(name)!;
  testWithGpu(`attendOnGpu() agrees when only one side is quantised as ${name}`, async (gpu) => {
    await assertRight(gpu, problem({ keyFormat: format }));
    await assertRight(gpu, problem({ valueFormat: format }));
  });

  testWithGpu(
    `attendOnGpu() agrees when ${name} meets masks, sinks, splits and holes`,
    async (gpu) => {
      const formats = { keyFormat: format, valueFormat: format };
      await assertRight(gpu, problem(formats, { maskRanges: true, treeMask: true }));
      const p = problem(formats, { learnedSinks: true, sinkTokens: 5, recycled: true });
      await assertRight(gpu, p, { splitTokens: 16 });
      await assertRight(gpu, p, { walk: "row" });
    },
  );
}

// Chunks of a lane are narrower where more lanes share a key, and queries leave the registers where
// lanes have many elements of them.
for (
  const [format, lanesPerKey, keysPerGroup, headSize, group] of [
    ["int8:head:f32", 8, 4, 128, 2],
    ["int8:token:f32", 2, 2, 128, 4],
    ["fp8_e4m3:channel:f16", 4, 4, 64, 1],
    ["int4", 8, 8, 128, 5],
    ["int4", 2, 1, 64, 2],
    ["fp4", 8, 2, 256, 2],
    ["fp4", 4, 4, 64, 3],
  ] as const
) {
  const codes = parseFormat(format)!;
  const sizes = { headSize, queryHeads: 2 * group, keyFormat: codes, valueFormat: codes };
  testWithGpu(
    `attendOnGpu() agrees when ${format} of ${headSize} elements has ${lanesPerKey} lanes a key`,
    async (gpu) => {
      const tuning = { ...defaultTuning(gpu.target), lanesPerKey, keysPerGroup };
      await assertRight(gpu, problem(sizes), { tuning });
    },
  );
}

for (const format of ["int8:token:f32", "int4", "fp4", "c16"]) {
  const codes = parseFormat(format);
  const sizes = codes === null ? {} : { keyFormat: codes, valueFormat: codes };
  testWithGpu(`attendOnGpu() agrees when values of ${format} come a tile ahead`, async (gpu) => {
    const tuning = {
      ...defaultTuning(gpu.target),
      lanesPerKey: 4,
      valuesInFlight: 8,
      valuesAhead: true,
    };
    await assertRight(gpu, problem(sizes), { tuning });
    await assertRight(gpu, problem(sizes, { sinkTokens: 5, recycled: true }), {
      tuning,
      splitTokens: 32,
    });
  });
}

testWithGpu(
  "attendOnGpu() joins splits in a dispatch of its own where no binding is left for counters",
  async (gpu) => {
    const [keyFormat] = QUANTISED_FORMATS;
    // What was compiled with counters has another layout.
    const narrow = withoutCounters({ ...gpu, pipelines: new Map() });
    await assertRight(narrow, problem({ keyFormat }), { splitTokens: 32 });
  },
);
