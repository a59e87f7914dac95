/** Tests of appending: rotation, and writes through the table. */
import { STORAGE_FORMATS } from "../../kernel/mod.ts";
import { mapTable } from "../map_table.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import {
  appendDropping,
  appendJudged,
  appendRefused,
  defineAppendTest,
  NEOX,
  readBackJudged,
} from "./append_case.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "./cache_spec.ts";
import { STORAGES } from "./kernel_case.ts";

export const appendTests: readonly TestDefinition[] = [
  defineAppendTest({
    id: "kernel:append:layout",
    clauses: ["layout/write-follows-table", "layout/row-major-heads"],
    description: "Each head's keys and values land on the page that its own row names",
    cases: grid({ layout: LAYOUTS, storage: STORAGES, order: ["identity", "shuffled"] }),
  }),
  defineAppendTest({
    id: "kernel:append:rows",
    clauses: ["mixed/batch", "layout/write-follows-table"],
    description: "Chunks over page boundaries, decode rows and idle slots in one call",
    cases: grid({
      layout: HEAD_LAYOUTS,
      rows: ["1+15_1+16_1+17", "33+0_0+40_16+16", "40+7", "8+12_0+0_1+0_5+27"],
    }),
  }),
  defineAppendTest({
    id: "kernel:append:boundary",
    clauses: ["layout/write-follows-table", "rope/positions"],
    description: "Chunks that begin, end or both at a page's edge, with pages of every size",
    cases: grid({ layout: LAYOUTS, page: [16, 32, 64, 128, 256] }),
    spec: ({ page }) => {
      const edges = [[page + 1, 0], [3, page], [page, 2 * page], [2, 2 * page - 2], [5, page - 2]];
      return { rows: edges.map(([query, cached]) => `${query}+${cached}`).join("_"), group: 1 };
    },
    rotary: NEOX,
  }),
  defineAppendTest({
    id: "kernel:append:rotation",
    clauses: ["rope/positions"],
    description: "Queries and keys turn by their absolute position; values and the rest do not",
    cases: grid({
      style: ["none", "interleaved", "neox"],
      turned: [16, 64],
      storage: STORAGES,
      // Odd positions beyond 2048 are none of float16.
      rows: ["7+0_1+30", "3+1000_2+4001"],
    }),
    spec: ({ rows }) => ({ page: rows.includes("4001") ? 256 : 16 }),
    rotary: ({ style, turned }) => ({ style, theta: 10_000, rotaryDimensions: turned }),
  }),
  defineAppendTest({
    id: "kernel:append:far_rotation",
    clauses: ["rope/positions"],
    description: "Positions of long contexts turn by themselves, past every table of angles",
    cases: grid({ style: ["interleaved", "neox"], storage: STORAGES }),
    spec: { rows: "2+33001_1+16390_3+8191", page: 256, kinds: "f", group: 1 },
    rotary: ({ style }) => ({ style, theta: 1_000_000, rotaryDimensions: 64 }),
  }),
  defineAppendTest({
    id: "kernel:append:theta",
    clauses: ["rope/positions"],
    description: "The base of the frequencies is the model's",
    cases: grid({ theta: [10_000, 500_000, 1_000_000], size: [64, 128] }),
    spec: { rows: "4+500", page: 64 },
    rotary: ({ theta, size }) => ({ style: "neox", theta, rotaryDimensions: size }),
  }),
  defineAppendTest({
    id: "kernel:append:holes",
    clauses: ["sentinel/no-write"],
    description: "Writes to holes are dropped and counted, and page 0 stays as it was",
    cases: grid({
      layout: LAYOUTS,
      where: ["first_page", "last_page", "first_head", "one_head", "everywhere"],
      page: [16, 64],
    }),
    spec: ({ page }) => ({ rows: `20+${page - 6}_1+${2 * page - 1}` }),
    run: (kernel, problem, { layout, where }) => {
      const lastHead = layout === "uniform" ? 0 : problem.shape.kvHeads - 1;
      const table = mapTable(problem, (id, { slot, head, column }) => {
        const isHole = {
          first_page: column === 0,
          last_page: column === 1,
          first_head: head === 0,
          one_head: head === lastHead,
          everywhere: true,
        }[where];
        return isHole && (slot === 0 || where === "everywhere") ? -1 : id;
      });
      return appendDropping(kernel, { ...problem, table });
    },
  }),
  defineAppendTest({
    id: "kernel:append:nothing_else",
    clauses: ["sentinel/no-write", "kernel/no-overread"],
    description: "Everything in the cache that no new token owns keeps its bits, NaN included",
    cases: grid({ layout: LAYOUTS, storage: STORAGES }),
    spec: ({ layout }) => ({ recycled: layout !== "uniform" }),
    run: (kernel, problem, { storage }) => {
      const nan = STORAGE_FORMATS[storage].quietNan;
      const poison = (bits: Uint16Array): Uint16Array => new Uint16Array(bits.length).fill(nan);
      const { keys, values } = problem;
      return appendJudged(kernel, { ...problem, keys: poison(keys), values: poison(values) });
    },
  }),
  defineAppendTest({
    id: "kernel:append:foreign_id",
    clauses: ["sentinel/only-minus-one", "layout/id-spaces-distinct"],
    description:
      "An id that is neither -1 nor inside the pool is refused before anything is written",
    cases: grid({ layout: LAYOUTS, id: ["minus_two", "pool_end"] }),
    run: (kernel, problem, { layout, id }) => {
      const { pages, kvHeads } = problem.shape;
      const table = problem.table.slice();
      table[0] = id === "minus_two" ? -2 : layout === "pooled" ? pages * kvHeads : pages;
      return appendRefused(kernel, { ...problem, table }, problem);
    },
  }),
  defineAppendTest({
    id: "kernel:append:read_back",
    clauses: ["layout/write-follows-table", "rope/positions"],
    description: "Attention over what was appended sees the new tokens' own keys and values",
    needs: ["kernel.attend"],
    cases: grid({ layout: LAYOUTS, rows: ["1+30_1+16", "15+17_4+0"] }),
    spec: ({ layout }) => ({ recycled: layout !== "uniform", window: 12, kinds: "wf" }),
    rotary: NEOX,
    run: (kernel, problem, { layout }) =>
      readBackJudged(kernel, problem, layout === "uniform" ? [0, 0] : [12, 0]),
  }),
];
