/** Tests of attention over layouts, geometries, lengths and mixed batches. */
import { type AttentionProblem, poisonUnread } from "../../kernel/mod.ts";
import { requireSameElements } from "../acceptance.ts";
import { mapTable } from "../map_table.ts";
import { PASS } from "../outcome.ts";
import { defineTest, grid, type TestDefinition, vary } from "../test_definition.ts";
import { defineAttendTest } from "./attend_case.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "./cache_spec.ts";
import {
  attend,
  attendJudged,
  CONTROL_PROBLEM,
  needsOf,
  problemOf,
  SHORT_ROWS,
  STORAGES,
  worstOf,
} from "./kernel_case.ts";

/** The control of the geometries; decode rows alone need the fewest programs of a kernel. */
const GEOMETRY = {
  size: 64,
  group: 4,
  page: 16,
  heads: 2,
  storage: "bf16",
  rows: "decode",
} as const;

/** The table of a problem with its dead columns replaced by holes. */
function withHoles(problem: AttentionProblem): Int32Array {
  const { pageSizeTokens } = problem.shape;
  return mapTable(problem, (id, { slot, head, column }) => {
    const window = problem.headWindows[head] ?? 0;
    const dead = window > 0 && column >= Math.ceil(problem.sinkTokens / pageSizeTokens) &&
      (column + 1) * pageSizeTokens <= (problem.cachedLengths[slot] ?? 0) - window + 1;
    return dead ? -1 : id;
  });
}

export const attendTests: readonly TestDefinition[] = [
  defineAttendTest({
    id: "kernel:attend:layout",
    clauses: [
      "layout/row-major-heads",
      "layout/id-spaces-distinct",
      "dtype/c16",
      "row/absolute",
      "declare/capability",
    ],
    description: "Every layout addresses every head's own page, in order and shuffled",
    cases: grid({ layout: LAYOUTS, storage: STORAGES, order: ["identity", "shuffled"] }),
    spec: ({ layout, storage }) => {
      const isControl = layout === "headwise" || storage === "bf16";
      return { rows: isControl ? CONTROL_PROBLEM.rows : SHORT_ROWS };
    },
  }),
  defineAttendTest({
    id: "kernel:attend:geometry",
    clauses: ["shape/group", "numerics/c16"],
    description: "Head sizes, groups, page sizes and head counts, one axis at a time",
    cases: [
      ...vary(GEOMETRY, {
        size: [128, 256],
        group: [1, 2, 3, 5, 8, 16],
        page: [32, 64, 128, 256],
        heads: [1, 3, 8],
        storage: ["f16"],
        rows: ["mixed"],
      }),
      { ...GEOMETRY, size: 128, rows: "mixed" },
      { ...GEOMETRY, size: 256, rows: "mixed" },
      { ...GEOMETRY, group: 3, rows: "mixed" },
    ],
    spec: ({ heads, rows }) => ({
      kinds: "wfwfwfwf".slice(0, heads),
      rows: rows === "mixed" ? CONTROL_PROBLEM.rows : "1+30_1+47_0+5_1+64_1+127",
    }),
  }),
  defineAttendTest({
    id: "kernel:attend:model_geometry",
    clauses: ["shape/group", "numerics/c16"],
    description: "The head geometries of published models",
    cases: [
      { size: 128, group: 5, heads: 4, page: 64, storage: "bf16" },
      { size: 64, group: 8, heads: 8, page: 64, storage: "bf16" },
      { size: 128, group: 2, heads: 16, page: 64, storage: "f16" },
      { size: 128, group: 4, heads: 8, page: 32, storage: "f16" },
    ],
    spec: ({ heads }) => ({ kinds: "wfffwwfwffwfwfff".slice(0, heads), rows: "1+70_1+129_1+63" }),
  }),
  defineAttendTest({
    id: "kernel:attend:length",
    clauses: ["mask/full", "kernel/no-overread"],
    description: "Lengths on both sides of every page boundary, by both walks",
    cases: grid({ length: [1, 2, 15, 16, 17, 31, 32, 33, 48], walk: ["row", "visible"] }),
    spec: ({ length }) => ({ rows: `1+${length - 1}`, kinds: "fw", window: 16 }),
    run: async (kernel, decode, { length, walk }, { seed }) => {
      const prefill = problemOf(seed, { rows: `${length}+0`, kinds: "fw", window: 16 });
      return worstOf([
        await attendJudged(kernel, decode, { walk }),
        await attendJudged(kernel, prefill, { walk }),
      ]);
    },
  }),
  defineAttendTest({
    id: "kernel:attend:long_row",
    clauses: ["numerics/c16", "mask/window"],
    description: "A decode row of many pages, by both walks",
    cases: grid({ cached: [1023, 2048], walk: ["row", "visible"] }),
    spec: ({ cached }) => ({ rows: `1+${cached}`, group: 2, page: 64, window: 128, sinks: 4 }),
  }),
  defineAttendTest({
    id: "kernel:attend:mixed_batch",
    clauses: ["mixed/batch"],
    description: "Chunks, decode rows, speculative rows and idle slots in one call",
    cases: grid({
      layout: HEAD_LAYOUTS,
      rows: [
        "1+16_1+1_1+47",
        "0+0_1+30_7+20_8+9",
        "33+0_1+50_0+9_4+31",
        "17+15_16+16_15+17_1+0",
        "2+40_3+40_5+40_6+40",
        "40+0",
      ],
    }),
  }),
  defineAttendTest({
    id: "kernel:attend:shared_prefix",
    clauses: ["mixed/batch", "prefix/share"],
    description: "Rows of several slots name the same pages of a prefix, and each reads them all",
    cases: grid({ layout: LAYOUTS, rows: ["1+70_1+47_4+60", "20+48_9+55_1+62"] }),
    spec: { window: 40 },
    run: (kernel, problem) => {
      const { columns } = problem.shape;
      const table = mapTable(
        problem,
        (id, { head, column }) => column < 3 ? problem.table[head * columns + column] ?? id : id,
      );
      return attendJudged(kernel, poisonUnread({ ...problem, table }));
    },
  }),
  defineAttendTest({
    id: "kernel:attend:optional_table",
    clauses: ["layout/optional-table"],
    description: "The uniform path gives the same bits before and after head-wise calls",
    needs: ["kernel.headwise"],
    cases: grid({ storage: STORAGES, walk: ["row", "visible"] }),
    spec: ({ storage }) => ({
      layout: "uniform",
      rows: storage === "bf16" ? CONTROL_PROBLEM.rows : SHORT_ROWS,
    }),
    run: async (kernel, legacy, { storage, walk }, { seed }) => {
      const before = await attend(kernel, legacy, { walk });
      await attend(kernel, problemOf(seed, { storage, recycled: true }), { walk });
      const after = await attend(kernel, legacy, { walk });
      requireSameElements("output of the uniform path", after.output, before.output);
      return attendJudged(kernel, legacy, { walk });
    },
  }),
  defineTest({
    id: "kernel:attend:named_options",
    clauses: ["args/keyword-only"],
    description: "The order in which the parts of a problem are given makes no difference",
    needs: needsOf({ learned: true }),
    cases: grid({ order: ["reversed", "rotated"] }),
    run: async ({ kernel, params: { order }, seed }) => {
      const sinks = kernel.claims.has("kernel.sinks") ? 4 : 0;
      const problem = problemOf(seed, { learned: true, sinks });
      const entries = Object.entries(problem);
      const moved = order === "reversed"
        ? entries.reverse()
        : [...entries.slice(4), ...entries.slice(0, 4)];
      const first = await attend(kernel, problem);
      const second = await attend(kernel, Object.fromEntries(moved) as unknown as typeof problem);
      requireSameElements("output", second.output, first.output);
      return PASS;
    },
  }),
  defineAttendTest({
    id: "kernel:attend:recycling",
    clauses: ["recycle/off-equal-answers", "sentinel/no-read"],
    description: "Replacing dead pages by holes changes no bit of the output",
    cases: grid({
      layout: HEAD_LAYOUTS,
      rows: ["1+100_1+64", "16+96_5+70", "1+127_0+40_33+64"],
      walk: ["row", "visible"],
    }),
    spec: { sinks: 4 },
    run: async (kernel, kept, { walk }) => {
      const holes = withHoles(kept);
      const before = await attend(kernel, kept, { walk });
      const after = await attend(kernel, { ...kept, table: holes }, { walk });
      requireSameElements("output", after.output, before.output);
      return attendJudged(kernel, kept, { walk });
    },
  }),
];
