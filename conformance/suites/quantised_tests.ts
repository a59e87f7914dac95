/** Tests of attention over C8 and C4: every format, and what a format must not change. */
import {
  type AttentionProblem,
  CODE_FORMATS,
  isFiniteCode,
  type QuantisedFormat,
} from "../../kernel/mod.ts";
import { requireSameElements } from "../acceptance.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import { defineAttendTest } from "./attend_case.ts";
import { HEAD_LAYOUTS } from "./cache_spec.ts";
import { enter, ENTRIES, type Entry, ENTRY_ROWS } from "./entry_tests.ts";
import { attend, attendJudged, CONTROL_PROBLEM, judgeReply } from "./kernel_case.ts";
import {
  FAMILIES,
  type FormatFamily,
  formatParam,
  formatsByLayout,
  withValueScales,
} from "./quantised_case.ts";

/** Decode rows on both sides of a page's edge, and an idle slot: one program of a kernel. */
const DECODE_ROWS = "1+47_0+5_1+16_1+30";

const GEOMETRIES = {
  "d128_g5_p64": { size: 128, group: 5, page: 64 },
  "d256_g2_p256": { size: 256, group: 2, page: 256 },
} as const;

const ALL_RULES = {
  rows: ENTRY_ROWS,
  ranges: true,
  tree: true,
  sinks: 4,
  learned: true,
  kinds: "wwfw",
  windows: "24_9_0_50",
  group: 2,
} as const;

/** Codes of the values count up row by row, so that every one occurs in some token's row. */
function withEveryCode(problem: AttentionProblem): AttentionProblem {
  const { headSize, pageSizeTokens, kvHeads, columns, valueFormat, batch } = problem.shape;
  const { codes: type } = valueFormat!;
  const { bits } = CODE_FORMATS[type];
  const tensor = problem.quantisedValues!;
  const codes = tensor.codes.slice();
  const rowBytes = headSize * bits / 8;
  let next = 0;
  for (let row = 0; row < batch * kvHeads; row++) {
    const page = problem.table[row * columns]! * kvHeads + row % kvHeads;
    const start = page * pageSizeTokens * rowBytes;
    for (let byte = 0; byte < rowBytes; byte++, next++) {
      const code = next % 256;
      codes[start + byte] = bits === 4 || isFiniteCode(type, code) ? code : 0;
    }
  }
  return { ...problem, quantisedValues: { ...tensor, codes } };
}

/** Scales at the ends of their types, as far as 16-bit outputs hold the values. */
const EXTREMES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  f32: { zero: 0, smallest: 2 ** -100, largest: 2 ** 60, negative: -(2 ** -5) },
  f16: { zero: 0, smallest: 2 ** -24, largest: 65504, negative: -(2 ** -5) },
  bf16: { zero: 0, smallest: 2 ** -100, largest: 2 ** 60, negative: -(2 ** -5) },
  "fp8_e4m3": { zero: 0, smallest: 2 ** -9, largest: 448, negative: -(2 ** -5) },
};

/** The first format of each type of codes. */
function firstOfEachType(formats: readonly QuantisedFormat[]): QuantisedFormat[] {
  const types = [...new Set(formats.map(({ codes }) => codes))];
  return types.map((type) => formats.find(({ codes }) => codes === type)!);
}

/** What is judged of both families. */
function familyTests({ path, clause, formats, leading }: FormatFamily): TestDefinition[] {
  return [
    defineAttendTest({
      id: `kernel:${path}:format`,
      clauses: [clause],
      description: "Every type of codes with every granularity and type of scales, by layout",
      cases: formatsByLayout({ formats }),
      spec: { rows: DECODE_ROWS },
    }),
    defineAttendTest({
      id: `kernel:${path}:rows`,
      clauses: [clause],
      description: "Chunks, decode rows, drafts and idle slots, at the edges of pages",
      cases: grid({
        format: leading.slice(0, 2),
        rows: [CONTROL_PROBLEM.rows, "17+3_40+0_1+0", "1+0_1+15_1+16_1+31", "1+112_1+160_1+255"],
      }),
    }),
    defineAttendTest({
      id: `kernel:${path}:geometry`,
      clauses: [clause],
      description: "Head sizes, groups and page sizes other than the control's",
      cases: grid({ format: leading, shape: ["d128_g5_p64", "d256_g2_p256"] }),
      spec: ({ shape }) => ({ ...GEOMETRIES[shape], rows: "1+63_1+300" }),
    }),
    defineAttendTest({
      id: `kernel:${path}:entry`,
      clauses: [clause, "entry/same-rules"],
      description: "Every entry point reads codes, under all masks at once",
      needs: ({ entry }) => ["kernel.sinks", ...ENTRIES[entry]],
      cases: grid({ format: leading.slice(0, 2), entry: Object.keys(ENTRIES) as Entry[] }),
      spec: ALL_RULES,
      run: (kernel, problem, { entry }) => enter(kernel, entry, problem),
    }),
    defineAttendTest({
      id: `kernel:${path}:holes`,
      clauses: [clause, "sentinel/no-read"],
      description:
        "Codes and scales behind holes, on page 0 too, are not numbers and reach nothing",
      cases: grid({ format: leading, layout: HEAD_LAYOUTS }).map((params, index) => ({
        ...params,
        walk: index % 2 === 0 ? "row" : "visible",
      })),
      spec: { recycled: true, rows: "1+100_1+64_1+33" },
    }),
    defineAttendTest({
      id: `kernel:${path}:every_code`,
      clauses: [clause],
      description:
        "A token that sees itself alone gives its own value, for every code that is a number",
      cases: grid({ format: firstOfEachType(formats).map(formatParam), storage: ["bf16", "f16"] }),
      spec: { kinds: "ffff", group: 1, rows: "1+0_1+0" },
      run: (kernel, drawn) => {
        const problem = withEveryCode(drawn);
        const { codes } = problem.shape.valueFormat!;
        // With a scale far below 1 the subnormal codes of e5m2 would lie below what float16 sums hold.
        return attendJudged(
          kernel,
          codes === "fp8_e5m2" ? withValueScales(problem, () => 1) : problem,
        );
      },
    }),
    defineAttendTest({
      id: `kernel:${path}:extreme_scales`,
      clauses: [clause],
      description: "Scales of 0, subnormal, large and negative ones stand beside ordinary ones",
      cases: grid({
        format: formats.filter(({ granularity, codes }) =>
          codes !== "fp8_e5m2" && codes !== "fp8_e4m3" &&
          (granularity === "token" || granularity === "channel" || granularity === "block")
        ).map(formatParam),
        scale: ["zero", "smallest", "largest", "negative"],
      }),
      spec: { rows: "1+40_1+17", kinds: "ff" },
      run: (kernel, problem, { scale }) => {
        const extreme = EXTREMES[problem.shape.valueFormat!.scaleType]![scale]!;
        return attendJudged(
          kernel,
          withValueScales(problem, (index) => index % 2 === 0 ? extreme : 2 ** -6),
        );
      },
    }),
    defineAttendTest({
      id: `kernel:${path}:deterministic`,
      clauses: [clause, "numerics/c16"],
      description: "The same codes twice give the same bits",
      cases: grid({ format: leading }),
      spec: { rows: DECODE_ROWS },
      run: async (kernel, problem) => {
        const first = await attend(kernel, problem);
        const second = await attend(kernel, problem);
        requireSameElements("output", second.output, first.output);
        return judgeReply(problem, first);
      },
    }),
  ];
}

export const quantisedTests: readonly TestDefinition[] = [
  ...FAMILIES.flatMap(familyTests),
  defineAttendTest({
    id: "kernel:c8:mixed",
    clauses: ["dtype/c8", "dtype/c4"],
    description: "Keys and values differ in type and granularity, one of them 16 bits among others",
    cases: [
      "int8-token-f32+fp8_e4m3-head-f32",
      "fp8_e4m3-head-bf16+fp8_e5m2-token-f16",
      "int8-inline-f16+int8-token-f32",
      "int8-token-bf16+int8-token-f32",
      "int8-channel-f32+int4-channel-bf16",
      "fp8_e4m3-tensor-f32+fp4_e2m1-block-fp8_e4m3",
      "int8-token-f32+c16",
      "c16+fp4_e2m1-block-fp8_e4m3",
      "int4-channel-f16+c16",
      "c16+fp8_e4m3-head-f32",
    ].map((formats, index) => ({ formats, layout: HEAD_LAYOUTS[index % 2]! })),
    spec: { rows: DECODE_ROWS },
  }),
];
