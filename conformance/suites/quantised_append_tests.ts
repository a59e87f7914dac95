/** Tests of appending to C8 and C4: codes and scales as they are stored, bit for bit. */
import {
  type AppendProblem,
  decodeValues,
  encodeValues,
  type QuantisedFormat,
  type QuantisedTensor,
} from "../../kernel/mod.ts";
import { mapTable } from "../map_table.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import {
  appendDropping,
  appendJudged,
  defineAppendTest,
  NEOX,
  readBackJudged,
} from "./append_case.ts";
import { HEAD_LAYOUTS } from "./cache_spec.ts";
import { FAMILIES, formatsByLayout } from "./quantised_case.ts";

const CLAUSE = "dtype/append-quantises";
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

/** Numbers of bfloat16 that float16 has not. */
const WIDE_CONTENTS: typeof CONTENTS = [
  (_, drawn) => drawn * 2 ** 18,
  (_, drawn) => drawn * 2 ** -20,
  (element, drawn) => element === 7 ? 2 ** 40 : drawn,
];

/** A problem whose heads hold each of these in turn, token by token; 16 bits keep all numbers. */
function withContents(problem: AppendProblem, from = CONTENTS): AppendProblem {
  const { storage, headSize, queryHeads, kvHeads } = problem.shape;
  const heads = queryHeads + 2 * kvHeads;
  const { packed } = problem;
  const drawn = decodeValues(storage, packed);
  const numbers = Float64Array.from(drawn, (value, index) => {
    const head = Math.floor(index / headSize) % heads;
    const token = Math.floor(index / headSize / heads);
    const contents = from[(token + head) % from.length]!;
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

export const quantisedAppendTests: readonly TestDefinition[] = [
  defineAppendTest({
    id: "kernel:append_codes:format",
    clauses: [CLAUSE],
    description: "Every format stores the nearest code for the scale in force, by layout",
    cases: FAMILIES.flatMap(formatsByLayout),
    spec: { rows: "1+30_20+0_0+7" },
  }),
  defineAppendTest({
    id: "kernel:append_codes:rotation",
    clauses: [CLAUSE, "rope/positions"],
    description: "Keys are quantised after they turn, and values as they are",
    cases: grid({ format: LEADING, rows: ["1+30_20+0_0+7", "3+200"] }),
    rotary: NEOX,
  }),
  defineAppendTest({
    id: "kernel:append_codes:contents",
    clauses: [CLAUSE],
    description: "Tokens of zeros, values past the largest code, outliers, halves and tiny values",
    cases: FAMILIES.flatMap(formatsByLayout).filter(({ storage, format }) =>
      storage === "bf16" || format.startsWith("fp4")
    ),
    // Eighteen tokens: every head has each of the nine contents twice.
    spec: { rows: "6+13_12+3" },
    run: (kernel, problem) => appendJudged(kernel, withContents(problem)),
  }),
  defineAppendTest({
    id: "kernel:append_codes:wide",
    clauses: [CLAUSE],
    description: "Scales of bfloat16 tokens that no float16 holds are computed in float32",
    cases: OWN_SCALES
      .filter(({ format }) => /-(f32|bf16)$/.test(format))
      .map(({ format, layout }) => ({ format, layout, storage: "bf16" as const })),
    spec: { rows: "6+13_2+3" },
    run: (kernel, problem) => appendJudged(kernel, withContents(problem, WIDE_CONTENTS)),
  }),
  defineAppendTest({
    id: "kernel:append_codes:mixed",
    clauses: [CLAUSE],
    description: "Keys and values are each quantised by their own format and scales",
    cases: grid({
      formats: [
        "int8-token-f32+fp8_e4m3-head-f32",
        "fp8_e4m3-head-bf16+int8-inline-f16",
        "int4-channel-bf16+fp4_e2m1-block-fp8_e4m3",
        "int8-token-f32+c16",
        "c16+fp8_e5m2-token-f16",
      ],
    }),
    spec: { rows: "1+30_5+0" },
    rotary: NEOX,
  }),
  defineAppendTest({
    id: "kernel:append_codes:reuse",
    clauses: [CLAUSE],
    description: "Scales and codes of a page's owner before, no numbers here, are all replaced",
    cases: OWN_SCALES,
    spec: { rows: "3+0_17+0" },
    run: (kernel, problem) => {
      const { keyFormat, valueFormat } = problem.shape;
      return appendJudged(kernel, {
        ...problem,
        quantisedKeys: stale(problem.quantisedKeys!, keyFormat!),
        quantisedValues: stale(problem.quantisedValues!, valueFormat!),
      });
    },
  }),
  defineAppendTest({
    id: "kernel:append_codes:holes",
    clauses: [CLAUSE, "sentinel/no-write"],
    description: "A write to a hole is dropped: no code and no scale of any page changes for it",
    cases: grid({ format: LEADING, layout: HEAD_LAYOUTS, where: ["one_head", "everywhere"] }),
    spec: { rows: "20+10_1+31" },
    run: (kernel, drawn, { where }) => {
      const { kvHeads } = drawn.shape;
      const table = mapTable(
        drawn,
        (id, { slot, head }) =>
          where === "everywhere" || (slot === 0 && head === kvHeads - 1) ? -1 : id,
      );
      return appendDropping(kernel, { ...drawn, table });
    },
  }),
  defineAppendTest({
    id: "kernel:append_codes:read_back",
    clauses: [CLAUSE, "layout/write-follows-table"],
    description: "Attention over what was appended sees the new tokens' codes and scales",
    needs: ["kernel.attend"],
    cases: grid({ format: LEADING, layout: HEAD_LAYOUTS }),
    spec: { rows: "1+30_1+0" },
    rotary: NEOX,
    run: (kernel, problem) =>
      readBackJudged(kernel, problem, Array<number>(problem.shape.kvHeads).fill(0)),
  }),
];
