/** Tests of holes, foreign ids and memory that no one may touch. */
import { type AttentionProblem, STORAGE_FORMATS } from "../../kernel/mod.ts";
import { requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import { mapTable } from "../map_table.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import { attendRefused, defineAttendTest } from "./attend_case.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "./cache_spec.ts";
import { attend, attendJudged, judgeReply, problemOf, STORAGES } from "./kernel_case.ts";

const WALKS = ["row", "visible"] as const;

/** Poison as infinities in place of NaN. */
function withInfinities(problem: AttentionProblem): AttentionProblem {
  const { storage } = problem.shape;
  const nan = STORAGE_FORMATS[storage].quietNan;
  const infinity = storage === "bf16" ? 0x7f80 : 0x7c00;
  const swap = (bits: Uint16Array): Uint16Array => bits.map((bit) => bit === nan ? infinity : bit);
  return { ...problem, keys: swap(problem.keys), values: swap(problem.values) };
}

export const sentinelTests: readonly TestDefinition[] = [
  defineAttendTest({
    id: "kernel:sentinel:no_read",
    clauses: ["sentinel/no-read", "kernel/no-overread"],
    description: "Poison in page 0 and in every unnamed page does not reach the output",
    cases: grid({
      layout: HEAD_LAYOUTS,
      storage: STORAGES,
      poison: ["nan", "inf"],
      rows: ["1+100_1+64", "17+95_5+70"],
    }).filter(({ layout, storage, rows }) =>
      layout === "headwise" || storage === "bf16" || rows === "1+100_1+64"
    ),
    spec: { recycled: true, sinks: 4 },
    run: (kernel, problem, { poison }) =>
      attendJudged(kernel, poison === "nan" ? problem : withInfinities(problem), { walk: "row" }),
  }),
  defineAttendTest({
    id: "kernel:sentinel:first_page",
    clauses: ["sentinel/no-read"],
    description: "A hole in the first column that a chunk or a decode row would read adds nothing",
    cases: grid({
      layout: HEAD_LAYOUTS,
      rows: ["1+40", "16+48", "33+64"],
      walk: WALKS,
    }),
    spec: { recycled: true, window: 9, kinds: "ww" },
    run: (kernel, problem, { walk }) => {
      requireEqual("entry of the first column", problem.table[0], -1);
      return attendJudged(kernel, problem, { walk });
    },
  }),
  defineAttendTest({
    id: "kernel:sentinel:large_pages",
    clauses: ["sentinel/no-read", "mask/window"],
    description: "Holes of large pages, the first or those after the sinks, add nothing",
    cases: grid({ layout: HEAD_LAYOUTS, page: [64, 256], sinks: [0, 4], walk: WALKS }),
    spec: ({ page }) => ({
      rows: `1+${3 * page + 5}_5+${2 * page + 30}_1+9`,
      window: 40,
      recycled: true,
      group: 2,
    }),
  }),
  defineAttendTest({
    id: "kernel:sentinel:foreign_id",
    clauses: ["sentinel/only-minus-one", "layout/id-spaces-distinct"],
    description: "An id that is neither -1 nor inside the pool is refused, never an address",
    cases: grid({ layout: LAYOUTS, id: ["minus_two", "int_min", "pool_end", "int_max"] }),
    run: (kernel, problem, { layout, id }) => {
      const { pages, kvHeads } = problem.shape;
      const end = layout === "pooled" ? pages * kvHeads : pages;
      const table = problem.table.slice();
      table[1] = { minus_two: -2, int_min: -(2 ** 31), pool_end: end, int_max: 2 ** 31 - 1 }[id];
      return attendRefused(kernel, { ...problem, table }, problem);
    },
  }),
  defineAttendTest({
    id: "kernel:sentinel:flat_ids",
    clauses: ["layout/id-spaces-distinct"],
    description: "A table of global ids is refused where ids are local, never reduced modulo N",
    needs: ["kernel.pooled"],
    cases: grid({ storage: STORAGES, rows: ["1+40_1+30", "5+40"] }),
    run: (kernel, local, { storage, rows }, { seed }) => {
      const { pages } = local.shape;
      const table = mapTable(local, (id, { head }) => id < 0 ? id : head * pages + id);
      const global = problemOf(seed, { storage, rows, layout: "pooled" });
      return attendRefused(kernel, { ...local, table }, global);
    },
  }),
  defineAttendTest({
    id: "kernel:sentinel:idle",
    clauses: ["kernel/no-overread", "mixed/batch"],
    description: "Idle slots write nothing, wherever they stand and whatever their rows hold",
    needs: ({ entry }) => [entry === "into" && "kernel.into"],
    cases: grid({
      rows: ["0+20_1+30_2+9", "1+30_0+0_0+50_4+9", "5+30_0+64", "0+0_0+30_1+0_0+9"],
      entry: ["new", "into"],
    }),
    run: async (kernel, problem, { entry }) => {
      if (entry === "new") return attendJudged(kernel, problem);
      const spare = problem.query.length + 3 * problem.shape.headSize;
      const into = Uint16Array.from({ length: spare }, (_, index) => 0x3c00 + index % 97);
      const reply = await attend(kernel, problem, { into: into.slice() });
      requireSameElements(
        "output past the last query",
        reply.output.subarray(problem.query.length),
        into.subarray(problem.query.length),
      );
      return judgeReply(problem, reply);
    },
  }),
  defineAttendTest({
    id: "kernel:sentinel:idle_holes",
    clauses: ["kernel/no-overread"],
    description: "An idle slot whose rows are all holes leaves its neighbours alone",
    cases: grid({ layout: LAYOUTS }),
    spec: { rows: "1+30_0+40_3+20" },
    run: (kernel, problem, { layout }) => {
      const rows = layout === "uniform" ? 1 : problem.shape.kvHeads;
      const start = rows * problem.shape.columns;
      const table = problem.table.slice().fill(-1, start, 2 * start);
      const cachedLengths = Int32Array.of(30, 0, 20);
      return attendJudged(kernel, { ...problem, table, cachedLengths });
    },
  }),
  defineAttendTest({
    id: "kernel:sentinel:full_row",
    clauses: ["kernel/no-overread", "shape/columns-cover"],
    description: "Rows that use every column do not run into the next row, whatever the walk",
    cases: grid({
      layout: LAYOUTS,
      rows: ["1+47_1+31_1+15", "16+32_11+37", "1+15_1+0"],
      walk: WALKS,
    }),
    spec: { spareColumns: 0 },
  }),
  defineAttendTest({
    id: "kernel:sentinel:wide_row",
    clauses: ["shape/columns-cover", "sentinel/tail"],
    description: "Columns past the request hold -1 and cost nothing but the walk",
    cases: grid({ layout: LAYOUTS, spare: [7, 61] }),
    spec: ({ spare }) => ({ spareColumns: spare }),
    run: (kernel, problem) => attendJudged(kernel, problem, { walk: "row" }),
  }),
  defineAttendTest({
    id: "kernel:sentinel:all_idle",
    clauses: ["mixed/batch", "kernel/no-overread"],
    description: "A step without any query token gives an empty output",
    cases: grid({ layout: LAYOUTS }),
    spec: { rows: "0+30_0+0" },
    run: async (kernel, problem) => {
      const reply = await attend(kernel, problem);
      requireThat(reply.output.length === 0, "Expected an empty output");
    },
  }),
];
