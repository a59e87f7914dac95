/** Tests of appending: rotation, and writes through the table. */
import {
  type AppendProblem,
  compareAppend,
  randomAppend,
  type Rotary,
  STORAGE_FORMATS,
} from "../../kernel/mod.ts";
import { requireEqual, requireThat } from "../acceptance.ts";
import { Mismatch, type Verdict } from "../outcome.ts";
import type { AppendReply, Capability, KernelSubject } from "../subject.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "./cache_spec.ts";
import { requireOk, requireRefused } from "./driver.ts";
import {
  attendJudged,
  CONTROL_PROBLEM,
  formatNeeds,
  parseRows,
  type ProblemSpec,
  shapeOf,
  STORAGES,
  worstOf,
} from "./kernel_case.ts";

const NO_ROTATION: Rotary = { style: "none", theta: 10_000, rotaryDimensions: 64 };

/** Builds an append problem of a spec. */
export function appendOf(
  seed: number,
  changes: Partial<ProblemSpec> = {},
  rotary: Rotary = NO_ROTATION,
): AppendProblem {
  const spec = { ...CONTROL_PROBLEM, ...changes };
  const { query, cached } = parseRows(spec.rows);
  return randomAppend({
    seed,
    shape: shapeOf(spec),
    queryLengths: query,
    cachedLengths: cached,
    headWindows: [...spec.kinds].map((kind) => kind === "w" ? spec.window : 0),
    sinkTokens: spec.sinks,
    pageOrder: spec.order,
    recycled: spec.recycled,
    rotary,
  });
}

/** Capabilities that the append problem of a spec needs. */
export function appendNeeds(changes: Partial<ProblemSpec> = {}): Capability[] {
  const spec = { ...CONTROL_PROBLEM, ...changes };
  return [
    "kernel.append",
    `kernel.${spec.layout}`,
    `kernel.${spec.storage}`,
    ...(spec.size === 256 ? ["kernel.head_size_256"] as const : []),
    ...formatNeeds(spec),
  ];
}

/** Runs an append and judges everything that it gave. */
export async function appendJudged(
  kernel: KernelSubject,
  problem: AppendProblem,
): Promise<Verdict> {
  return judgeAppend(problem, requireOk("append", await kernel.append(problem)));
}

/** As {@linkcode appendJudged}, where some writes have no page to go to. */
export async function appendDropping(
  kernel: KernelSubject,
  problem: AppendProblem,
): Promise<Verdict> {
  const reply = requireOk("append", await kernel.append(problem));
  requireThat(reply.droppedWrites > 0, "Expected dropped writes to be counted");
  return judgeAppend(problem, reply);
}

/** Judges everything that an append gave. */
export function judgeAppend(problem: AppendProblem, outcome: AppendReply): Verdict {
  requireEqual("elements of the keys", outcome.keys.length, problem.keys.length);
  requireEqual("elements of the values", outcome.values.length, problem.values.length);
  for (const side of ["quantisedKeys", "quantisedValues"] as const) {
    const before = problem[side];
    const after = outcome[side];
    if (before === undefined) continue;
    requireThat(after !== undefined, `Expected the ${side} after the step`);
    requireEqual(`codes of the ${side}`, after.codes.length, before.codes.length);
    requireEqual(`scales of the ${side}`, after.scales?.length ?? 0, before.scales?.length ?? 0);
  }
  const { ok, message, worstBudgetUsed } = compareAppend({ problem, outcome });
  if (!ok) {
    throw new Mismatch(message, worstBudgetUsed);
  }
  return { kind: "pass", budgetUsed: worstBudgetUsed };
}

/** Tests of appending. */
export const appendTests: readonly TestDefinition[] = [
  defineTest({
    id: "kernel:append:layout",
    clauses: ["layout/write-follows-table", "layout/row-major-heads"],
    description: "Each head's keys and values land on the page that its own row names",
    needs: ({ layout, storage }) => appendNeeds({ layout, storage }),
    cases: grid({ layout: LAYOUTS, storage: STORAGES, order: ["identity", "shuffled"] as const }),
    run: ({ kernel, params, seed }) => appendJudged(kernel, appendOf(seed, params)),
  }),
  defineTest({
    id: "kernel:append:rows",
    clauses: ["mixed/batch", "layout/write-follows-table"],
    description: "Chunks over page boundaries, decode rows and idle slots in one call",
    needs: ({ layout }) => appendNeeds({ layout }),
    cases: grid({
      layout: HEAD_LAYOUTS,
      rows: ["1+15_1+16_1+17", "33+0_0+40_16+16", "40+7", "8+12_0+0_1+0_5+27"],
    }),
    run: ({ kernel, params, seed }) => appendJudged(kernel, appendOf(seed, params)),
  }),
  defineTest({
    id: "kernel:append:boundary",
    clauses: ["layout/write-follows-table", "rope/positions"],
    description: "Chunks that begin, end or both at a page's edge, with pages of every size",
    needs: ({ layout }) => appendNeeds({ layout }),
    cases: grid({ layout: LAYOUTS, page: [16, 32, 64, 128, 256] }),
    run: ({ kernel, params: { layout, page }, seed }) => {
      const edges = [[page + 1, 0], [3, page], [page, 2 * page], [2, 2 * page - 2], [5, page - 2]];
      const rows = edges.map(([query, cached]) => `${query}+${cached}`).join("_");
      const rotary = { style: "neox", theta: 10_000, rotaryDimensions: 64 } as const;
      return appendJudged(kernel, appendOf(seed, { layout, rows, page, group: 1 }, rotary));
    },
  }),
  defineTest({
    id: "kernel:append:rotation",
    clauses: ["rope/positions"],
    description: "Queries and keys turn by their absolute position; values and the rest do not",
    needs: ({ storage }) => appendNeeds({ storage }),
    cases: grid({
      style: ["none", "interleaved", "neox"] as const,
      turned: [16, 64],
      storage: STORAGES,
      // Odd positions beyond 2048 are none of float16.
      rows: ["7+0_1+30", "3+1000_2+4001"],
    }),
    run: ({ kernel, params: { style, turned, storage, rows }, seed }) => {
      const rotary = { style, theta: 10_000, rotaryDimensions: turned };
      const page = rows.includes("4001") ? 256 : 16;
      return appendJudged(kernel, appendOf(seed, { storage, rows, page }, rotary));
    },
  }),
  defineTest({
    id: "kernel:append:far_rotation",
    clauses: ["rope/positions"],
    description: "Positions of long contexts turn by themselves, past every table of angles",
    needs: ({ storage }) => appendNeeds({ storage }),
    cases: grid({ style: ["interleaved", "neox"] as const, storage: STORAGES }),
    run: ({ kernel, params: { style, storage }, seed }) => {
      const rotary = { style, theta: 1_000_000, rotaryDimensions: 64 };
      const rows = "2+33001_1+16390_3+8191";
      return appendJudged(
        kernel,
        appendOf(seed, { storage, rows, page: 256, kinds: "f", group: 1 }, rotary),
      );
    },
  }),
  defineTest({
    id: "kernel:append:theta",
    clauses: ["rope/positions"],
    description: "The base of the frequencies is the model's",
    needs: ({ size }) => appendNeeds({ size }),
    cases: grid({ theta: [10_000, 500_000, 1_000_000], size: [64, 128] }),
    run: ({ kernel, params: { theta, size }, seed }) => {
      const rotary = { style: "neox", theta, rotaryDimensions: size } as const;
      return appendJudged(kernel, appendOf(seed, { size, rows: "4+500", page: 64 }, rotary));
    },
  }),
  defineTest({
    id: "kernel:append:holes",
    clauses: ["sentinel/no-write"],
    description: "Writes to holes are dropped and counted, and page 0 stays as it was",
    needs: ({ layout }) => appendNeeds({ layout }),
    cases: grid({
      layout: LAYOUTS,
      where: ["first_page", "last_page", "first_head", "one_head", "everywhere"],
      page: [16, 64],
    }),
    run: async ({ kernel, params: { layout, where, page }, seed }) => {
      const rows = `20+${page - 6}_1+${2 * page - 1}`;
      const problem = appendOf(seed, { layout, rows, page });
      const { columns, kvHeads } = problem.shape;
      const heads = layout === "uniform" ? 1 : kvHeads;
      const table = problem.table.map((id, index) => {
        const column = index % columns;
        const row = Math.floor(index / columns);
        const holes: Readonly<Record<string, boolean>> = {
          "first_page": column === 0,
          "last_page": column === 1,
          "first_head": row === 0,
          "one_head": row === heads - 1,
        };
        const dropped = where === "everywhere" || (row < heads && holes[where] === true);
        return dropped ? -1 : id;
      });
      return await appendDropping(kernel, { ...problem, table });
    },
  }),
  defineTest({
    id: "kernel:append:nothing_else",
    clauses: ["sentinel/no-write", "kernel/no-overread"],
    description: "Everything in the cache that no new token owns keeps its bits, NaN included",
    needs: ({ layout, storage }) => appendNeeds({ layout, storage }),
    cases: grid({ layout: LAYOUTS, storage: STORAGES }),
    run: ({ kernel, params: { layout, storage }, seed }) => {
      const problem = appendOf(seed, { layout, storage, recycled: layout !== "uniform" });
      const nan = STORAGE_FORMATS[storage].quietNan;
      const poison = (bits: Uint16Array): Uint16Array => new Uint16Array(bits.length).fill(nan);
      return appendJudged(kernel, {
        ...problem,
        keys: poison(problem.keys),
        values: poison(problem.values),
      });
    },
  }),
  defineTest({
    id: "kernel:append:foreign_id",
    clauses: ["sentinel/only-minus-one", "layout/id-spaces-distinct"],
    description:
      "An id that is neither -1 nor inside the pool is refused before anything is written",
    needs: ({ layout }) => appendNeeds({ layout }),
    cases: grid({ layout: LAYOUTS, id: ["minus_two", "pool_end"] }),
    run: async ({ kernel, params: { layout, id }, seed }) => {
      const problem = appendOf(seed, { layout });
      const { pages, kvHeads } = problem.shape;
      const table = problem.table.slice();
      table[0] = id === "minus_two" ? -2 : layout === "pooled" ? pages * kvHeads : pages;
      requireRefused("append", await kernel.append({ ...problem, table }));
      return appendJudged(kernel, problem);
    },
  }),
  defineTest({
    id: "kernel:append:read_back",
    clauses: ["layout/write-follows-table", "rope/positions"],
    description: "Attention over what was appended sees the new tokens' own keys and values",
    needs: ({ layout }) => [...appendNeeds({ layout }), "kernel.attend"],
    cases: grid({ layout: LAYOUTS, rows: ["1+30_1+16", "15+17_4+0"] }),
    run: async ({ kernel, params: { layout, rows }, seed }) => {
      const recycled = layout !== "uniform";
      const spec = { layout, rows, recycled, window: 12, kinds: "wf" };
      const rotary = { style: "neox", theta: 10_000, rotaryDimensions: 64 } as const;
      const problem = appendOf(seed, spec, rotary);
      const reply = requireOk("append", await kernel.append(problem));
      const appended = judgeAppend(problem, reply);
      const { shape, table, queryStarts, cachedLengths } = problem;
      const windows = layout === "uniform" ? [0, 0] : [12, 0];
      return worstOf([
        appended,
        await attendJudged(kernel, {
          shape,
          table,
          queryStarts,
          cachedLengths,
          query: reply.query,
          keys: reply.keys,
          values: reply.values,
          headWindows: Int32Array.from(windows),
          sinkTokens: 0,
        }),
      ]);
    },
  }),
];
