// Programs with subgroup matrices through Tint, for every tuning and mask kind. Dawn's null backend
// compiles and runs nothing, so this needs no GPU. Skipped by name where Dawn may not be loaded.
import assert from "node:assert/strict";
import {
  attendProgram,
  defaultTuning,
  hasMatrixRows,
  MATRIX_ROWS,
  matrixChainProgram,
  matrixTuningsOf,
  parseFormat,
  type ProgramTarget,
  TILE_ROWS,
} from "../kernel/mod.ts";

const DAWN_PACKAGE = "npm:webgpu@0.6.2";
const FEATURES = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];

// A permission for one folder cannot be asked for without naming the folder.
const isAllowed = Deno.args.includes("--with-dawn");

const TARGETS: readonly ProgramTarget[] = [
  {
    subgroupSize: 32,
    dialect: "tint",
    isCompact: false,
    matrix: { size: 16, workgroupBytes: 49152 },
  },
  {
    subgroupSize: 8,
    dialect: "tint",
    isCompact: true,
    matrix: { size: 8, workgroupBytes: 32768 },
  },
];

Deno.test({
  name: `Tint accepts every program with matrices${
    isAllowed ? "" : " [SKIPPED: Dawn may not be loaded; run `deno task test:dawn`]"
  }`,
  ignore: !isAllowed,
  fn: async (t) => {
    const { create } = await import(DAWN_PACKAGE);
    const entry = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]) as GPU;
    const adapter = await entry.requestAdapter();
    const device = await adapter!.requestDevice({ requiredFeatures: FEATURES as GPUFeatureName[] });
    for (const { name, code } of listPrograms()) {
      await t.step(name, async () => {
        device.pushErrorScope("validation");
        device.createShaderModule({ code });
        assert.equal((await device.popErrorScope())?.message, undefined);
      });
    }
    device.destroy();
  },
});

function* listPrograms(): Generator<{ readonly name: string; readonly code: string }> {
  for (const target of TARGETS) {
    yield matrixChainProgram(target.matrix!, { subgroupSize: target.subgroupSize, rounds: 8 });
    for (const headSize of [64, 128, 256]) {
      const shape = { headSize, storage: "f16" } as const;
      const sizes = hasMatrixRows(shape, target) ? [TILE_ROWS, MATRIX_ROWS] : [TILE_ROWS];
      yield* listCodePrograms(headSize, target);
      const tunings = matrixTuningsOf(target, { headSize });
      for (const matrix of tunings) {
        for (const rows of sizes) {
          for (const masks of [false, true]) {
            yield attendProgram({
              ...shape,
              queryHeads: 20,
              kvHeads: 4,
              pageSizeTokens: 64,
              layout: masks ? "uniform" : "pooled",
              bindings: masks ? 2 : 1,
              rows,
              maskRanges: masks,
              treeMask: masks,
              learnedSinks: masks,
              logSumExp: masks,
            }, { target, tuning: { ...defaultTuning(target), matrix } });
          }
        }
      }
    }
  }
}

/** Each type of codes for keys and the next for values, which matrices multiply where a tuning says so. */
function* listCodePrograms(
  headSize: number,
  target: ProgramTarget,
): Generator<{ readonly name: string; readonly code: string }> {
  const formats = ["int8:head:f32", "fp8_e4m3:head:f16", "fp8_e5m2:tensor:bf16", "fp4"];
  const coded = { ...target, matrix: { ...target.matrix!, codes: true } };
  for (const [index, name] of formats.entries()) {
    for (const rows of [TILE_ROWS, MATRIX_ROWS]) {
      const program = attendProgram({
        queryHeads: 20,
        kvHeads: 4,
        headSize,
        pageSizeTokens: 64,
        layout: "headwise",
        storage: "f16",
        keyFormat: parseFormat(name)!,
        valueFormat: parseFormat(formats[(index + 1) % formats.length])!,
        bindings: 1,
        rows,
        maskRanges: false,
        treeMask: false,
        learnedSinks: false,
        logSumExp: false,
      }, { target: coded });
      if (program.name.includes(";matrix=")) yield program;
    }
  }
}
