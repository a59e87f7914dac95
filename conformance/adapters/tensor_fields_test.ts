import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AttentionProblem,
  checkProblem,
  parseFormat,
  QUANTISED_FORMATS,
  type QuantisedFormat,
  randomProblem,
  type ScaleView,
} from "../../kernel/mod.ts";
import { AdapterFault } from "./adapter_fault.ts";
import { readTensors, writeTensors } from "./safetensors.ts";
import {
  dumpTensors,
  expectTensor,
  problemFields,
  problemFrom,
  problemTensors,
} from "./tensor_fields.ts";

const SHAPE = {
  batch: 2,
  queryHeads: 4,
  kvHeads: 2,
  headSize: 64,
  pageSizeTokens: 16,
  pages: 6,
  columns: 3,
  layout: "headwise",
  storage: "bf16",
} as const;

/** The problem as the other side of a file and a line sees it. */
function transported(problem: AttentionProblem): AttentionProblem {
  const tensors = readTensors(writeTensors(problemTensors(problem)));
  return problemFrom(JSON.parse(JSON.stringify(problemFields(problem))), tensors);
}

Deno.test("problemFrom() gives back what problemTensors() and problemFields() took apart", () => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.nat(),
        layout: fc.constantFrom("uniform", "headwise", "pooled"),
        storage: fc.constantFrom("bf16", "f16"),
        maskRanges: fc.boolean(),
        treeMask: fc.boolean(),
        learnedSinks: fc.boolean(),
        query: fc.nat({ max: 5 }),
      }),
      ({ seed, layout, storage, query, ...flags }) => {
        const problem = randomProblem({
          seed,
          shape: { ...SHAPE, layout, storage },
          queryLengths: [query, 1],
          cachedLengths: [20, 0],
          ...flags,
        });
        assert.deepEqual(transported(problem), problem);
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("problemFrom() gives back codes, scales and zero points of every format", () => {
  for (const [index, keyFormat] of QUANTISED_FORMATS.entries()) {
    const valueFormat = QUANTISED_FORMATS[(index * 5 + 2) % QUANTISED_FORMATS.length]!;
    const layout = (["uniform", "headwise", "pooled"] as const)[index % 3]!;
    const problem = randomProblem({
      seed: index,
      shape: { ...SHAPE, layout, keyFormat, valueFormat },
      queryLengths: [1, 2],
      cachedLengths: [20, 0],
    });
    const back = transported(problem);
    checkProblem(back);
    assert.deepEqual(plain(back), problem);
    const types = problemTensors(problem);
    assert.equal(types.get("keyScales")?.shape.length ?? 0, scaleRank(keyFormat, layout));
  }
});

/** A problem without what its scales say of themselves, which came with the transport. */
function plain(problem: AttentionProblem): AttentionProblem {
  const { scaleView: _, ...quantisedKeys } = problem.quantisedKeys!;
  const { scaleView: __, ...quantisedValues } = problem.quantisedValues!;
  return { ...problem, quantisedKeys, quantisedValues };
}

function scaleRank({ granularity }: QuantisedFormat, layout: string): number {
  const rows = layout === "pooled" ? 2 : 3;
  const ranks = { tensor: 1, head: 1, channel: 2, token: rows, inline: 0, block: rows + 1 };
  return ranks[granularity];
}

Deno.test("problemFrom() keeps a wrong type, shape or stride of scales for the check to name", () => {
  const format = parseFormat("fp8_e4m3:token:f16")!;
  const problem = randomProblem({
    seed: 3,
    shape: { ...SHAPE, keyFormat: format, valueFormat: format },
    queryLengths: [1, 2],
    cachedLengths: [20, 0],
  });
  const views: ScaleView[] = [
    { type: "bf16" },
    { shape: [6, 16, 2] },
    { strides: [32, 1, 2] },
    { shape: [6 * 2 * 16] },
  ];
  for (const scaleView of views) {
    const wrong = { ...problem, quantisedKeys: { ...problem.quantisedKeys!, scaleView } };
    assert.throws(() => checkProblem(transported(wrong)), /quantisedKeys\.scales/);
  }
  const tensors = new Map(readTensors(writeTensors(problemTensors(problem))));
  const keys = tensors.get("keys")!;
  assert.equal(keys.dtype, "F8_E4M3");
  for (const dtype of ["F8_E5M2", "U8"] as const) {
    tensors.set("keys", { ...keys, dtype });
    const other = problemFrom(problemFields(problem), tensors);
    assert.throws(() => checkProblem(other), /quantisedKeys\.codes/, dtype);
  }
});

const PROBLEM = randomProblem({
  seed: 1,
  shape: SHAPE,
  queryLengths: [1, 1],
  cachedLengths: [20, 0],
});

Deno.test("problemTensors() carries what an adapter has to refuse", () => {
  const wide = { ...PROBLEM, table: BigInt64Array.from(PROBLEM.table, BigInt) };
  const int64 = wide as unknown as AttentionProblem;
  assert.equal(problemTensors(int64).get("table")?.dtype, "I64");
  assert.deepEqual(transported(int64), int64);
  const unknown = { ...PROBLEM, shape: { ...SHAPE, storage: "fp8" as "bf16" } };
  assert.equal(problemTensors(unknown).get("query")?.dtype, "U16");
  const ragged = { ...PROBLEM, table: PROBLEM.table.slice(1) };
  assert.deepEqual(problemTensors(ragged).get("table")?.shape, [PROBLEM.table.length - 1]);
});

Deno.test("problemTensors() names storage types and shapes", () => {
  const tensors = problemTensors(PROBLEM, { into: new Uint16Array(9) });
  assert.equal(tensors.get("query")?.dtype, "BF16");
  assert.deepEqual(tensors.get("query")?.shape, [2, 4, 64]);
  assert.deepEqual(tensors.get("keys")?.shape, [6, 2, 16, 64]);
  assert.deepEqual(tensors.get("table")?.shape, [4, 3]);
  assert.deepEqual(tensors.get("into")?.shape, [9]);
});

Deno.test("dumpTensors() keeps a table of no columns", () => {
  const dump = {
    layout: "headwise",
    slots: 1,
    headWindows: Int32Array.of(0),
    sinkTokens: 0,
    columns: 0,
    table: new Int32Array(),
    pagesPerHead: 1,
    pageSizeTokens: 16,
    lengthsTokens: Int32Array.of(0),
    uniformColumns: 0,
  } as const;
  assert.deepEqual(dumpTensors(dump).get("table")?.shape, [0]);
});

Deno.test("expectTensor() faults on a missing tensor, another type and another size", () => {
  const tensors = problemTensors(PROBLEM);
  const fails = (name: string, dtype: "I32" | "F32", elements: number, message: RegExp) =>
    assert.throws(() => expectTensor(tensors, { name, dtype, elements }), (error) => {
      assert.ok(error instanceof AdapterFault);
      assert.equal(error.verdict, "adapter-error");
      assert.match(error.message, message);
      return true;
    });
  fails("output", "I32", 2, /no tensor "output"/);
  fails("cachedLengths", "F32", 2, /is I32; it must be F32/);
  fails("cachedLengths", "I32", 3, /has 2 elements; it must have 3/);
  const found = expectTensor(tensors, { name: "cachedLengths", dtype: "I32", elements: 2 });
  assert.deepEqual(found, PROBLEM.cachedLengths);
});
