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
  TILE_ROWS,
} from "../kernel/mod.ts";

const DAWN_PACKAGE = "npm:webgpu@0.6.2";
const FEATURES = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];

// A permission for one folder cannot be asked for without naming the folder.
const isAllowed = Deno.args.includes("--with-dawn");

const TARGETS = ([[16, 32, 49152], [8, 8, 32768]] as const).map(
  ([size, subgroupSize, workgroupBytes]) =>
    ({
      subgroupSize,
      dialect: "tint",
      isCompact: size === 8,
      matrix: { size, workgroupBytes },
    }) as const,
);

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

const shape = (masks: boolean) =>
  ({
    queryHeads: 20,
    kvHeads: 4,
    pageSizeTokens: 64,
    storage: "f16",
    layout: masks ? "uniform" : "pooled",
    bindings: masks ? 2 : 1,
    maskRanges: masks,
    treeMask: masks,
    learnedSinks: masks,
    logSumExp: masks,
  }) as const;
/** What matrices multiply besides f16; each for keys, and the next for values. */
const FORMATS = ["int8:head:f32", "fp8_e4m3:head:f16", "fp8_e5m2:tensor:bf16", "fp4"];

function* listPrograms(): Generator<{ readonly name: string; readonly code: string }> {
  for (const target of TARGETS) {
    yield matrixChainProgram(target.matrix, { subgroupSize: target.subgroupSize, rounds: 8 });
    for (const headSize of [64, 128, 256]) {
      const hasRows = hasMatrixRows({ headSize, storage: "f16" }, target);
      for (const rows of hasRows ? [TILE_ROWS, MATRIX_ROWS] : [TILE_ROWS]) {
        for (const matrix of matrixTuningsOf(target, { headSize })) {
          const o = { target, tuning: { ...defaultTuning(target), matrix } };
          for (const masks of [false, true]) {
            yield attendProgram({ ...shape(masks), headSize, rows }, o);
          }
        }
        for (const [index, name] of FORMATS.entries()) {
          const keyFormat = parseFormat(name)!;
          const valueFormat = parseFormat(FORMATS[(index + 1) % FORMATS.length])!;
          const s = { ...shape(false), headSize, rows, keyFormat, valueFormat };
          const program = attendProgram(s, { target });
          if (program.name.includes(";matrix=")) yield program;
        }
      }
    }
  }
}
