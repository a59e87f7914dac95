/** Tests of attention over layouts, geometries, lengths and mixed batches. */
import { poisonUnread, type StorageType } from "../../kernel/mod.ts";
import { requireSameElements } from "../acceptance.ts";
import { PASS } from "../outcome.ts";
import { defineTest, grid, type TestDefinition, vary } from "../test_definition.ts";
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
  storage: "bf16" as StorageType,
  rows: "decode",
};

/** The table of a problem with its dead columns replaced by holes. */
function withHoles(
  problem: ReturnType<typeof problemOf>,
  o: { page: number; window: number; sinks: number },
): Int32Array {
  const { batch, kvHeads, columns } = problem.shape;
  return problem.table.map((id, index) => {
    const column = index % columns;
    const row = Math.floor(index / columns);
    const slot = Math.floor(row / kvHeads) % batch;
    const dead = (problem.headWindows[row % kvHeads] ?? 0) > 0 &&
      column >= Math.ceil(o.sinks / o.page) &&
      (column + 1) * o.page <= (problem.cachedLengths[slot] ?? 0) - o.window + 1;
    return dead ? -1 : id;
  });
}

/** Tests of attention. */
export const attendTests: readonly TestDefinition[] = [
  defineTest({
    id: "kernel:attend:layout",
    clauses: [
      "layout/row-major-heads",
      "layout/id-spaces-distinct",
      "dtype/c16",
      "row/absolute",
      "declare/capability",
    ],
    description: "Every layout addresses every head's own page, in order and shuffled",
    needs: ({ layout, storage }) => needsOf({ layout, storage }),
    cases: grid({ layout: LAYOUTS, storage: STORAGES, order: ["identity", "shuffled"] as const }),
    run: ({ kernel, params: { layout, storage, order }, seed }) => {
      const isControl = layout === "headwise" || storage === "bf16";
      const rows = isControl ? CONTROL_PROBLEM.rows : SHORT_ROWS;
      return attendJudged(kernel, problemOf(seed, { layout, storage, order, rows }));
    },
  }),
  defineTest({
    id: "kernel:attend:geometry",
    clauses: ["shape/group", "numerics/c16"],
    description: "Head sizes, groups, page sizes and head counts, one axis at a time",
    needs: ({ size, storage }) => needsOf({ size, storage }),
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
    run: ({ kernel, params: { size, group, page, heads, storage, rows }, seed }) => {
      const kinds = "wfwfwfwf".slice(0, heads);
      const lengths = rows === "mixed" ? CONTROL_PROBLEM.rows : "1+30_1+47_0+5_1+64_1+127";
      return attendJudged(
        kernel,
        problemOf(seed, { size, group, page, kinds, storage, rows: lengths }),
      );
    },
  }),
  defineTest({
    id: "kernel:attend:model_geometry",
    clauses: ["shape/group", "numerics/c16"],
    description: "The head geometries of published models",
    needs: ({ size, storage }) => needsOf({ size, storage }),
    cases: [
      { size: 128, group: 5, heads: 4, page: 64, storage: "bf16" as const },
      { size: 64, group: 8, heads: 8, page: 64, storage: "bf16" as const },
      { size: 128, group: 2, heads: 16, page: 64, storage: "f16" as const },
      { size: 128, group: 4, heads: 8, page: 32, storage: "f16" as const },
    ],
    run: ({ kernel, params: { size, group, heads, page, storage }, seed }) =>
      attendJudged(
        kernel,
        problemOf(seed, {
          size,
          group,
          page,
          storage,
          kinds: "wfffwwfwffwfwfff".slice(0, heads),
          rows: "1+70_1+129_1+63",
        }),
      ),
  }),
  defineTest({
    id: "kernel:attend:length",
    clauses: ["mask/full", "kernel/no-overread"],
    description: "Lengths on both sides of every page boundary, by both walks",
    needs: () => needsOf(),
    cases: grid({
      length: [1, 2, 15, 16, 17, 31, 32, 33, 48],
      walk: ["row", "visible"] as const,
    }),
    run: async ({ kernel, params: { length, walk }, seed }) => {
      const decode = problemOf(seed, { rows: `1+${length - 1}`, kinds: "fw", window: 16 });
      const prefill = problemOf(seed, { rows: `${length}+0`, kinds: "fw", window: 16 });
      return worstOf([
        await attendJudged(kernel, decode, { walk }),
        await attendJudged(kernel, prefill, { walk }),
      ]);
    },
  }),
  defineTest({
    id: "kernel:attend:long_row",
    clauses: ["numerics/c16", "mask/window"],
    description: "A decode row of many pages, by both walks",
    needs: () => needsOf(),
    cases: grid({ cached: [1023, 2048], walk: ["row", "visible"] as const }),
    run: ({ kernel, params: { cached, walk }, seed }) =>
      attendJudged(
        kernel,
        problemOf(seed, { rows: `1+${cached}`, group: 2, page: 64, window: 128, sinks: 4 }),
        { walk },
      ),
  }),
  defineTest({
    id: "kernel:attend:mixed_batch",
    clauses: ["mixed/batch"],
    description: "Chunks, decode rows, speculative rows and idle slots in one call",
    needs: ({ layout }) => needsOf({ layout }),
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
    run: ({ kernel, params: { layout, rows }, seed }) =>
      attendJudged(kernel, problemOf(seed, { layout, rows })),
  }),
  defineTest({
    id: "kernel:attend:shared_prefix",
    clauses: ["mixed/batch", "prefix/share"],
    description: "Rows of several slots name the same pages of a prefix, and each reads them all",
    needs: ({ layout }) => needsOf({ layout }),
    cases: grid({ layout: LAYOUTS, rows: ["1+70_1+47_4+60", "20+48_9+55_1+62"] }),
    run: ({ kernel, params: { layout, rows }, seed }) => {
      const problem = problemOf(seed, { layout, rows, window: 40 });
      const { columns, kvHeads } = problem.shape;
      const stride = columns * (layout === "uniform" ? 1 : kvHeads);
      const table = problem.table.map((id, index) =>
        index % columns < 3 ? problem.table[index % stride] ?? id : id
      );
      return attendJudged(kernel, poisonUnread({ ...problem, table }));
    },
  }),
  defineTest({
    id: "kernel:attend:optional_table",
    clauses: ["layout/optional-table"],
    description: "The uniform path gives the same bits before and after head-wise calls",
    needs: ({ storage }) => [...needsOf({ layout: "uniform", storage }), "kernel.headwise"],
    cases: grid({ storage: STORAGES, walk: ["row", "visible"] as const }),
    run: async ({ kernel, params: { storage, walk }, seed }) => {
      const rows = storage === "bf16" ? CONTROL_PROBLEM.rows : SHORT_ROWS;
      const legacy = problemOf(seed, { layout: "uniform", storage, rows });
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
    needs: () => needsOf({ learned: true }),
    cases: grid({ order: ["reversed", "rotated"] }),
    run: async ({ kernel, params: { order }, seed }) => {
      const problem = problemOf(seed, { learned: true, sinks: 4 });
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
  defineTest({
    id: "kernel:attend:recycling",
    clauses: ["recycle/off-equal-answers", "sentinel/no-read"],
    description: "Replacing dead pages by holes changes no bit of the output",
    needs: ({ layout }) => needsOf({ layout }),
    cases: grid({
      layout: HEAD_LAYOUTS,
      rows: ["1+100_1+64", "16+96_5+70", "1+127_0+40_33+64"],
      walk: ["row", "visible"] as const,
    }),
    run: async ({ kernel, params: { layout, rows, walk }, seed }) => {
      const kept = problemOf(seed, { layout, rows, sinks: 4 });
      const holes = withHoles(kept, { page: 16, window: 24, sinks: 4 });
      const before = await attend(kernel, kept, { walk });
      const after = await attend(kernel, { ...kept, table: holes }, { walk });
      requireSameElements("output", after.output, before.output);
      return attendJudged(kernel, kept, { walk });
    },
  }),
];
