/** Tests of appending to C8 and C4: codes and scales as they are stored, bit for bit. */
import {
  type AppendProblem,
  decodeBfloat16Array,
  decodeFloat16Array,
  encodeValues,
  type QuantisedFormat,
  type QuantisedTensor,
  type Rotary,
} from "../../kernel/mod.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import {
  appendDropping,
  appendJudged,
  appendNeeds,
  appendOf,
  judgeAppend,
} from "./append_tests.ts";
import { HEAD_LAYOUTS } from "./cache_spec.ts";
import { requireOk } from "./driver.ts";
import { attendJudged, worstOf } from "./kernel_case.ts";
import { FAMILIES, formatsByLayout, inFormat, inFormats } from "./quantised_case.ts";

const CLAUSE = "dtype/append-quantises";
const NEOX: Rotary = { style: "neox", theta: 10_000, rotaryDimensions: 64 };
const LEADING = FAMILIES.flatMap(({ leading }) => leading);

/** What a head of a token may hold: a number for each element, from one that was drawn. */
const CONTENTS: readonly ((element: number, drawn: number) => number)[] = [
  () => 0,
  (element, drawn) => element % 3 === 0 ? -0 : drawn,
  (_, drawn) => drawn * 2 ** 11,
  (element) => element % 2 === 0 ? 30000 : -30000,
  (element, drawn) => element === 5 ? 1024 : drawn / 64,
  (element, drawn) => element === 63 ? drawn : 0,
  (element) => (element % 2 === 0 ? 1 : -1) * 2 ** (element % 23 - 11),
  (element) => (element - 32 + 0.5) / 64,
  (_, drawn) => drawn * 2 ** -13,
];

/** A problem whose heads hold each of these in turn, token by token; 16 bits keep all numbers. */
function withContents(problem: AppendProblem): AppendProblem {
  const { storage, headSize, queryHeads, kvHeads } = problem.shape;
  const heads = queryHeads + 2 * kvHeads;
  const { packed } = problem;
  const drawn = storage === "f16" ? decodeFloat16Array(packed) : decodeBfloat16Array(packed);
  const numbers = Float64Array.from(drawn, (value, index) => {
    const head = Math.floor(index / headSize) % heads;
    const token = Math.floor(index / headSize / heads);
    const contents = CONTENTS[(token + head) % CONTENTS.length]!;
    return contents(index % headSize, value);
  });
  return { ...problem, packed: encodeValues(storage, numbers) };
}

const OWN_SCALES = FAMILIES.flatMap(formatsByLayout).filter(({ format }) =>
  /-(token|inline|block)-/.test(format)
);

/** A side full of what no token may keep: every byte 0x7f, which is NaN as a scale of most types. */
function stale(tensor: QuantisedTensor, { granularity, scaleType }: QuantisedFormat) {
  const codes = new Uint8Array(tensor.codes.length).fill(0x7f);
  if (granularity === "inline" || tensor.scales === undefined) return { ...tensor, codes };
  const scales = tensor.scales.slice();
  scales.fill(scaleType === "f32" ? NaN : scaleType === "fp8_e4m3" ? 0x7f : 0x7fff);
  return { ...tensor, codes, scales };
}

/** Tests of appending to quantised caches. */
export const quantisedAppendTests: readonly TestDefinition[] = [
  defineTest({
    id: "kernel:append_codes:format",
    clauses: [CLAUSE],
    description: "Every format stores the nearest code for the scale in force, by layout",
    needs: ({ format, layout, storage }) => appendNeeds({ ...inFormat(format), layout, storage }),
    cases: FAMILIES.flatMap(formatsByLayout),
    run: ({ kernel, params: { format, ...spec }, seed }) =>
      appendJudged(kernel, appendOf(seed, { ...inFormat(format), ...spec, rows: "1+30_20+0_0+7" })),
  }),
  defineTest({
    id: "kernel:append_codes:rotation",
    clauses: [CLAUSE, "rope/positions"],
    description: "Keys are quantised after they turn, and values as they are",
    needs: ({ format }) => appendNeeds(inFormat(format)),
    cases: grid({ format: LEADING, rows: ["1+30_20+0_0+7", "3+200"] }),
    run: ({ kernel, params: { format, rows }, seed }) =>
      appendJudged(kernel, appendOf(seed, { ...inFormat(format), rows }, NEOX)),
  }),
  defineTest({
    id: "kernel:append_codes:contents",
    clauses: [CLAUSE],
    description: "Tokens of zeros, values past the largest code, outliers, halves and tiny values",
    needs: ({ format, layout, storage }) => appendNeeds({ ...inFormat(format), layout, storage }),
    cases: FAMILIES.flatMap(formatsByLayout).filter(({ storage, format }) =>
      storage === "bf16" || format.startsWith("fp4")
    ),
    // Eighteen tokens: every head has each of the nine contents twice.
    run: ({ kernel, params: { format, layout, storage }, seed }) => {
      const spec = { ...inFormat(format), layout, storage, rows: "6+13_12+3" };
      return appendJudged(kernel, withContents(appendOf(seed, spec)));
    },
  }),
  defineTest({
    id: "kernel:append_codes:mixed",
    clauses: [CLAUSE],
    description: "Keys and values are each quantised by their own format and scales",
    needs: ({ formats }) => appendNeeds(inFormats(formats)),
    cases: grid({
      formats: [
        "int8-token-f32+fp8_e4m3-head-f32",
        "fp8_e4m3-head-bf16+int8-inline-f16",
        "int4-channel-bf16+fp4_e2m1-block-fp8_e4m3",
        "int8-token-f32+c16",
        "c16+fp8_e5m2-token-f16",
      ],
    }),
    run: ({ kernel, params: { formats }, seed }) =>
      appendJudged(kernel, appendOf(seed, { ...inFormats(formats), rows: "1+30_5+0" }, NEOX)),
  }),
  defineTest({
    id: "kernel:append_codes:reuse",
    clauses: [CLAUSE],
    description: "Scales and codes of a page's owner before, no numbers here, are all replaced",
    needs: ({ format, layout, storage }) => appendNeeds({ ...inFormat(format), layout, storage }),
    cases: OWN_SCALES,
    run: ({ kernel, params: { format, layout, storage }, seed }) => {
      const spec = { ...inFormat(format), layout, storage, rows: "3+0_17+0" };
      const problem = appendOf(seed, spec);
      const { keyFormat, valueFormat } = problem.shape;
      return appendJudged(kernel, {
        ...problem,
        quantisedKeys: stale(problem.quantisedKeys!, keyFormat!),
        quantisedValues: stale(problem.quantisedValues!, valueFormat!),
      });
    },
  }),
  defineTest({
    id: "kernel:append_codes:holes",
    clauses: [CLAUSE, "sentinel/no-write"],
    description: "A write to a hole is dropped: no code and no scale of any page changes for it",
    needs: ({ format, layout }) => appendNeeds({ ...inFormat(format), layout }),
    cases: grid({ format: LEADING, layout: HEAD_LAYOUTS, where: ["one_head", "everywhere"] }),
    run: async ({ kernel, params: { format, layout, where }, seed }) => {
      const drawn = appendOf(seed, { ...inFormat(format), layout, rows: "20+10_1+31" });
      const { columns, kvHeads } = drawn.shape;
      const table = drawn.table.map((id, index) =>
        where === "everywhere" || Math.floor(index / columns) === kvHeads - 1 ? -1 : id
      );
      return await appendDropping(kernel, { ...drawn, table });
    },
  }),
  defineTest({
    id: "kernel:append_codes:read_back",
    clauses: [CLAUSE, "layout/write-follows-table"],
    description: "Attention over what was appended sees the new tokens' codes and scales",
    needs: ({ format, layout }) => [
      ...appendNeeds({ ...inFormat(format), layout }),
      "kernel.attend",
    ],
    cases: grid({ format: LEADING, layout: HEAD_LAYOUTS }),
    run: async ({ kernel, params: { format, layout }, seed }) => {
      const problem = appendOf(seed, { ...inFormat(format), layout, rows: "1+30_1+0" }, NEOX);
      const reply = requireOk("append", await kernel.append(problem));
      const appended = judgeAppend(problem, reply);
      const { shape, table, queryStarts, cachedLengths } = problem;
      const { query, keys, values, quantisedKeys, quantisedValues } = reply;
      return worstOf([
        appended,
        await attendJudged(kernel, {
          shape,
          table,
          queryStarts,
          cachedLengths,
          query,
          keys,
          values,
          quantisedKeys: quantisedKeys!,
          quantisedValues: quantisedValues!,
          headWindows: new Int32Array(shape.kvHeads),
          sinkTokens: 0,
        }),
      ]);
    },
  }),
];
