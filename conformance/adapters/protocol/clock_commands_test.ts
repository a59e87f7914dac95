import assert from "node:assert/strict";
import { CLOCK_COMMANDS } from "./clock_commands.ts";
import { flatTensor } from "../tensor_fields.ts";

const SHAPE = {
  batch: 2,
  queryHeads: 4,
  kvHeads: 2,
  headSize: 64,
  pageSizeTokens: 16,
  pages: 8,
  poolPages: 16,
  columns: 4,
  layout: "headwise",
  storage: "bf16",
} as const;
const CACHE = {
  shape: SHAPE,
  form: "headwise",
  layerGroups: 1,
  headWindows: Int32Array.of(0, 32),
  sinkTokens: 0,
  scoreScale: null,
  learnedSinks: false,
  layers: 2,
  maxBatchTokens: 64,
  seed: 7,
} as const;
const STEPS = {
  cache: 0,
  firstStep: 5,
  queryLengths: Int32Array.of(1, 0),
  cachedLengths: Int32Array.of(9, 0),
  groups: Int32Array.of(0),
  table: null,
  changes: Int32Array.of(3, 2),
  changeStarts: Int32Array.of(0, 1),
  samples: Int32Array.of(0, 0, 1),
};

Deno.test("open and steps arrive as they were sent", () => {
  const opened = CLOCK_COMMANDS.open.pack(CACHE);
  assert.deepEqual(
    CLOCK_COMMANDS.open.unpack({ ...opened.fields, tensors: "a" }, opened.tensors!),
    [CACHE],
  );
  for (const table of [null, Int32Array.of(1, -1)]) {
    const sent = CLOCK_COMMANDS.steps.pack({ ...STEPS, table });
    const fields = { ...sent.fields, tensors: "a" };
    assert.deepEqual(CLOCK_COMMANDS.steps.unpack(fields, sent.tensors!), [{ ...STEPS, table }]);
  }
});

Deno.test("an answer of steps has a time for each step, and 16 bits an element", () => {
  const read = (
    milliseconds: Float64Array,
    outputs: Uint16Array | Float32Array,
    digests: Uint32Array | Int32Array = Uint32Array.of(4, 5),
  ) =>
    CLOCK_COMMANDS.steps.unpackResult(
      { busyMs: 1, tensors: "a" },
      new Map([
        ["milliseconds", flatTensor("F64", milliseconds)],
        ["digests", flatTensor(digests instanceof Uint32Array ? "U32" : "I32", digests)],
        ["outputs", flatTensor(outputs instanceof Uint16Array ? "BF16" : "F32", outputs)],
      ]),
      [STEPS],
    );
  assert.deepEqual(read(Float64Array.of(2), Uint16Array.of(1)), {
    busyMs: 1,
    milliseconds: Float64Array.of(2),
    digests: Uint32Array.of(4, 5),
    outputs: Uint16Array.of(1),
  });
  assert.throws(() => read(Float64Array.of(2, 3), Uint16Array.of(1)), /has 2 elements/);
  assert.throws(
    () => read(Float64Array.of(2), Uint16Array.of(1), Int32Array.of(4, 5)),
    /"digests" of the answer is I32; it must be U32/,
  );
  assert.throws(() => read(Float64Array.of(2), Float32Array.of(1)), /it must be BF16, F16 or U16/);
});

Deno.test("arithmetic that no one knows is a fault of the adapter, by field", () => {
  const value = {
    cache: 0,
    kernel: "k",
    card: "c",
    driver: null,
    versions: {},
    isSoftware: true,
    isCaptured: false,
    memoryBytesPerSecond: null,
    flopsPerSecond: null,
  };
  const read = (arithmetic: Record<string, string>) =>
    CLOCK_COMMANDS.open.unpackResult({ ...value, arithmetic }, new Map(), [CACHE]);
  assert.deepEqual(read({ weights: "storage", scores: "f32" }).arithmetic, { weights: "storage" });
  assert.throws(() => read({ weights: "fp8" }), { name: "AdapterFault", message: /weights "fp8"/ });
});
