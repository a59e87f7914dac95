/** Tests of attention over C8 and C4: every format, and what a format must not change. */
import { type AttentionProblem, CODE_FORMATS, isFiniteCode } from "../../kernel/mod.ts";
import { requireSameElements } from "../acceptance.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { HEAD_LAYOUTS } from "./cache_spec.ts";
import { enter, ENTRIES, type Entry, ENTRY_ROWS, needsOfEntry } from "./entry_tests.ts";
import {
  attend,
  attendJudged,
  CONTROL_PROBLEM,
  judgeReply,
  needsOf,
  problemOf,
} from "./kernel_case.ts";
import {
  FAMILIES,
  type FormatFamily,
  formatsByLayout,
  inFormat,
  inFormats,
  withValueScales,
} from "./quantised_case.ts";

/** Decode rows on both sides of a page's edge, and an idle slot: one program of a kernel. */
const DECODE_ROWS = "1+47_0+5_1+16_1+30";

function formats(family: FormatFamily): TestDefinition {
  return defineTest({
    id: `kernel:${family.path}:format`,
    clauses: [family.clause],
    description: "Every type of codes with every granularity and type of scales, by layout",
    needs: ({ format, layout, storage }) => needsOf({ ...inFormat(format), layout, storage }),
    cases: formatsByLayout(family),
    run: ({ kernel, params: { format, ...spec }, seed }) =>
      attendJudged(kernel, problemOf(seed, { ...inFormat(format), ...spec, rows: DECODE_ROWS })),
  });
}

function rows(family: FormatFamily): TestDefinition {
  return defineTest({
    id: `kernel:${family.path}:rows`,
    clauses: [family.clause],
    description: "Chunks, decode rows, drafts and idle slots, at the edges of pages",
    needs: ({ format }) => needsOf(inFormat(format)),
    cases: grid({
      format: family.leading.slice(0, 2),
      rows: [CONTROL_PROBLEM.rows, "17+3_40+0_1+0", "1+0_1+15_1+16_1+31", "1+112_1+160_1+255"],
    }),
    run: ({ kernel, params: { format, rows }, seed }) =>
      attendJudged(kernel, problemOf(seed, { ...inFormat(format), rows })),
  });
}

const GEOMETRIES = {
  "d128_g5_p64": { size: 128, group: 5, page: 64 },
  "d256_g2_p256": { size: 256, group: 2, page: 256 },
} as const;

function geometry(family: FormatFamily): TestDefinition {
  return defineTest({
    id: `kernel:${family.path}:geometry`,
    clauses: [family.clause],
    description: "Head sizes, groups and page sizes other than the control's",
    needs: ({ format, shape }) =>
      needsOf({ ...inFormat(format), ...GEOMETRIES[shape as keyof typeof GEOMETRIES] }),
    cases: grid({
      format: family.leading,
      shape: Object.keys(GEOMETRIES) as (keyof typeof GEOMETRIES)[],
    }),
    run: ({ kernel, params: { format, shape }, seed }) => {
      const spec = { ...inFormat(format), ...GEOMETRIES[shape], rows: "1+63_1+300" };
      return attendJudged(kernel, problemOf(seed, spec));
    },
  });
}

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

function entries(family: FormatFamily): TestDefinition {
  return defineTest({
    id: `kernel:${family.path}:entry`,
    clauses: [family.clause, "entry/same-rules"],
    description: "Every entry point reads codes, under all masks at once",
    needs: ({ format, entry }) =>
      needsOfEntry(entry as Entry, { ...ALL_RULES, ...inFormat(format) }),
    cases: grid({
      format: family.leading.slice(0, 2),
      entry: Object.keys(ENTRIES) as Entry[],
    }),
    run: ({ kernel, params: { format, entry }, seed }) =>
      enter(kernel, entry, problemOf(seed, { ...ALL_RULES, ...inFormat(format) })),
  });
}

function holes(family: FormatFamily): TestDefinition {
  return defineTest({
    id: `kernel:${family.path}:holes`,
    clauses: [family.clause, "sentinel/no-read"],
    description: "Codes and scales behind holes, on page 0 too, are not numbers and reach nothing",
    needs: ({ format, layout }) => needsOf({ ...inFormat(format), layout }),
    cases: grid({ format: family.leading, layout: HEAD_LAYOUTS }).map((params, index) => ({
      ...params,
      walk: index % 2 === 0 ? "row" as const : "visible" as const,
    })),
    run: ({ kernel, params: { format, layout, walk }, seed }) => {
      const spec = { ...inFormat(format), layout, recycled: true, rows: "1+100_1+64_1+33" };
      return attendJudged(kernel, problemOf(seed, spec), { walk });
    },
  });
}

function everyCode(family: FormatFamily): TestDefinition {
  const types = [...new Set(family.formats.map(({ codes }) => codes))];
  const first = types.map((type) => family.formats.find(({ codes }) => codes === type)!);
  return defineTest({
    id: `kernel:${family.path}:every_code`,
    clauses: [family.clause],
    description:
      "A token that sees itself alone gives its own value, for every code that is a number",
    needs: ({ format, storage }) => needsOf({ ...inFormat(format), storage }),
    cases: grid({
      format: first.map(({ codes, granularity, scaleType }) =>
        `${codes}-${granularity}-${scaleType}`
      ),
      storage: ["bf16", "f16"] as const,
    }),
    run: ({ kernel, params: { format, storage }, seed }) => {
      const spec = { ...inFormat(format), storage, kinds: "ffff", group: 1, rows: "1+0_1+0" };
      const problem = withEveryCode(problemOf(seed, spec));
      const { codes } = problem.shape.valueFormat!;
      // With a scale far below 1 the subnormal codes of e5m2 would lie below what float16 sums hold.
      return attendJudged(
        kernel,
        codes === "fp8_e5m2" ? withValueScales(problem, () => 1) : problem,
      );
    },
  });
}

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

function extremeScales(family: FormatFamily): TestDefinition {
  const chosen = family.formats.filter(({ granularity, codes }) =>
    codes !== "fp8_e5m2" && codes !== "fp8_e4m3" &&
    (granularity === "token" || granularity === "channel" || granularity === "block")
  );
  return defineTest({
    id: `kernel:${family.path}:extreme_scales`,
    clauses: [family.clause],
    description: "Scales of 0, subnormal, large and negative ones stand beside ordinary ones",
    needs: ({ format }) => needsOf(inFormat(format)),
    cases: grid({
      format: chosen.map(({ codes, granularity, scaleType }) =>
        `${codes}-${granularity}-${scaleType}`
      ),
      scale: ["zero", "smallest", "largest", "negative"],
    }),
    run: ({ kernel, params: { format, scale }, seed }) => {
      const spec = { ...inFormat(format), rows: "1+40_1+17", kinds: "ff" };
      const problem = problemOf(seed, spec);
      const { scaleType } = problem.shape.valueFormat!;
      const extreme = EXTREMES[scaleType]![scale]!;
      return attendJudged(
        kernel,
        withValueScales(problem, (index) => index % 2 === 0 ? extreme : 2 ** -6),
      );
    },
  });
}

function repeated(family: FormatFamily): TestDefinition {
  return defineTest({
    id: `kernel:${family.path}:deterministic`,
    clauses: [family.clause, "numerics/c16"],
    description: "The same codes twice give the same bits",
    needs: ({ format }) => needsOf(inFormat(format)),
    cases: grid({ format: family.leading }),
    run: async ({ kernel, params: { format }, seed }) => {
      const problem = problemOf(seed, { ...inFormat(format), rows: DECODE_ROWS });
      const first = await attend(kernel, problem);
      const second = await attend(kernel, problem);
      requireSameElements("output", second.output, first.output);
      return judgeReply(problem, first);
    },
  });
}

/** Tests of attention over quantised caches. */
export const quantisedTests: readonly TestDefinition[] = [
  ...FAMILIES.flatMap((family) => [
    formats(family),
    rows(family),
    geometry(family),
    entries(family),
    holes(family),
    everyCode(family),
    extremeScales(family),
    repeated(family),
  ]),
  defineTest({
    id: "kernel:c8:mixed",
    clauses: ["dtype/c8", "dtype/c4"],
    description: "Keys and values differ in type and granularity, one of them 16 bits among others",
    needs: ({ formats, layout }) => needsOf({ ...inFormats(formats), layout }),
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
    run: ({ kernel, params: { formats, layout }, seed }) =>
      attendJudged(kernel, problemOf(seed, { ...inFormats(formats), layout, rows: DECODE_ROWS })),
  }),
];
