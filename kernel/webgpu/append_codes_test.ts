import assert from "node:assert/strict";
import type { Layout } from "../../allocator/mod.ts";
import { compareAppend } from "../append_reference.ts";
import type { AppendProblem, AttentionShape, Rotary } from "../problem.ts";
import { formatName, parseFormat, QUANTISED_FORMATS } from "../quantised/quantised_format.ts";
import { randomAppend } from "../random_problem.ts";
import { appendOnGpu } from "./append_on_gpu.ts";
import { testWithGpu } from "./testing.ts";

const NEOX: Rotary = { style: "neox", theta: 10_000, rotaryDimensions: 64 };
const NO_TURN: Rotary = { style: "none", theta: 10_000, rotaryDimensions: 64 };

function problem(shape: Partial<AttentionShape>, rotary: Rotary): AppendProblem {
  return randomAppend({
    seed: 5,
    shape: {
      batch: 3,
      queryHeads: 4,
      kvHeads: 2,
      headSize: 64,
      pageSizeTokens: 16,
      pages: 16,
      columns: 4,
      layout: "headwise",
      storage: "bf16",
      ...shape,
    },
    queryLengths: [1, 20, 0],
    cachedLengths: [30, 0, 7],
    rotary,
  });
}

const LAYOUTS: readonly Layout[] = ["uniform", "headwise", "pooled"];

for (const [index, keyFormat] of QUANTISED_FORMATS.entries()) {
  const valueFormat = QUANTISED_FORMATS[(index * 5 + 2) % QUANTISED_FORMATS.length];
  const names = `${formatName(keyFormat)} and ${formatName(valueFormat)}`;
  testWithGpu(`appendOnGpu() stores the nearest codes when ${names}`, async (gpu) => {
    const p = problem({
      keyFormat,
      valueFormat,
      layout: LAYOUTS[index % 3],
      storage: index % 2 === 0 ? "bf16" : "f16",
    }, index % 2 === 0 ? NO_TURN : NEOX);
    const verdict = compareAppend({ problem: p, outcome: await appendOnGpu(gpu, p) });
    assert.ok(verdict.ok, verdict.message);
  });
}

for (const name of ["int8:token:f16", "int4", "fp4"]) {
  const format = parseFormat(name)!;
  testWithGpu(
    `appendOnGpu() stores codes beside a C16 side and in holes none when ${name}`,
    async (gpu) => {
      for (const formats of [{ keyFormat: format }, { valueFormat: format }]) {
        const drawn = problem({ ...formats, headSize: 128 }, NEOX);
        const table = drawn.table.slice();
        table[1] = -1;
        const p = { ...drawn, table };
        const outcome = await appendOnGpu(gpu, p);
        assert.equal(outcome.droppedWrites, 1);
        const verdict = compareAppend({ problem: p, outcome });
        assert.ok(verdict.ok, verdict.message);
      }
    },
  );
}

testWithGpu(
  "appendOnGpu() fits the ten storage buffers that every adapter here has",
  async (gpu) => {
    // Scales of blocks on both sides, and a scale of each tensor besides: the most there can be.
    const format = parseFormat("fp4")!;
    const p = problem({ keyFormat: format, valueFormat: format }, NEOX);
    const verdict = compareAppend({ problem: p, outcome: await appendOnGpu(gpu, p) });
    assert.ok(verdict.ok, verdict.message);
  },
);
