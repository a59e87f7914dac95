/** Kernels that are right at the sizes of small tests, and wrong beyond them. */
import type { AppendProblem, AttentionProblem } from "../../kernel/mod.ts";
import { mapTable, type TablePlace } from "../map_table.ts";
import { elementsOfId } from "../sparse_cache.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "../suites/cache_spec.ts";
import { kernelFamily, kernelLayoutFamily, limits } from "./family.ts";
import { type KernelFault, type Mutant, withTable } from "./mutant.ts";
import { answering, asking, changed, copyRows, firstOfRow } from "./problem_changes.ts";

type AnyProblem = Pick<AttentionProblem | AppendProblem, "shape" | "table">;

/** The table entry by entry: read from another slot or column, or a hole. */
function reread(problem: AnyProblem, from: (at: TablePlace) => TablePlace | null): Int32Array {
  const { layout, kvHeads, columns } = problem.shape;
  const heads = layout === "uniform" ? 1 : kvHeads;
  return mapTable(problem, (_, at) => {
    const place = from(at);
    if (place === null) return -1;
    return problem.table[(place.slot * heads + at.head) * columns + place.column] ?? -1;
  });
}

/** A kernel that reads the table so. */
function rereading(
  from: (at: TablePlace, shape: AttentionProblem["shape"]) => TablePlace | null,
): KernelFault {
  return asking((problem) => withTable(problem, reread(problem, (at) => from(at, problem.shape))));
}

/** Bits that ids or offsets are kept in, and the elements after which they start again. */
const WIDTHS = {
  ids_of_16_bits: { width: "ids_16", elements: null },
  byte_offsets_of_31_bits: { width: "offsets_31", elements: 2 ** 30 },
  element_offsets_of_31_bits: { width: "offsets_31", elements: 2 ** 31 },
  element_offsets_of_32_bits: { width: "offsets_31", elements: 2 ** 32 },
} as const;

/** A column that an append may reach, and the first that its slot's new tokens do. */
type AppendedColumn = TablePlace & { readonly firstColumn: number; readonly page: number };

export const kernelSizeMutants: readonly Mutant[] = [
  ...kernelLayoutFamily({
    name: "reads_rows_of_slots_modulo",
    origin: "field",
    violates: ["layout/row-major-heads", "mixed/batch"],
    variants: limits([5, 16, 32, 64]),
    fault: (limit) => `slots are taken modulo ${limit}`,
    test: "kernel:size:slots",
    layouts: LAYOUTS,
  }, (good, limit) => ({
    attend: (problem, o) => {
      if (problem.shape.batch <= limit) return good.attend(problem, o);
      const table = reread(problem, (at) => ({ ...at, slot: at.slot % limit }));
      return good.attend({ ...problem, table }, o);
    },
  })),
  ...kernelLayoutFamily({
    name: "chunk_ends_after",
    origin: "field",
    violates: ["mixed/batch", "mask/full"],
    variants: limits([48, 64, 128, 256]),
    fault: (limit) => `tokens of a chunk past the ${limit}th get the answer of that one`,
    test: "kernel:size:chunk",
    layouts: HEAD_LAYOUTS,
  }, (good, limit) =>
    answering((reply, problem) =>
      copyRows(
        problem,
        reply,
        (token, head) => [Math.min(token, firstOfRow(problem, token) + limit - 1), head],
      )
    )(good)),
  ...kernelLayoutFamily(
    {
      name: "keys_end_after",
      origin: "field",
      violates: ["numerics/c16", "mixed/batch"],
      variants: limits([1024, 4096, 8192]),
      fault: (limit) => `slots but the first see ${limit} keys at most`,
      test: "kernel:size:long_row",
      layouts: HEAD_LAYOUTS,
    },
    (good, limit) =>
      rereading((at, { pageSizeTokens }) =>
        at.slot > 0 && at.column * pageSizeTokens >= limit ? null : at
      )(good),
  ),
  ...kernelLayoutFamily({
    name: "columns_in_a_byte",
    origin: "field",
    violates: ["numerics/c16", "mixed/batch"],
    variants: limits([256]),
    fault: (limit) => `columns are counted modulo ${limit}`,
    test: (layout) => `kernel:size:long_row:layout=${layout};page=16;*`,
    layouts: HEAD_LAYOUTS,
  }, (good, limit) => rereading((at) => ({ ...at, column: at.column % limit }))(good)),
  ...kernelFamily(
    { name: "merges_splits_up_to", origin: "field", violates: ["numerics/c16"] },
    [13, 16, 32].map((limit) => ({
      limit,
      label: String(limit),
      fault: `Splits past the ${limit}th are computed and not merged`,
      killedBy: ["kernel:size:splits"],
    })),
    ({ limit }) =>
      asking((problem, o) => {
        const end = limit * o.splitTokens / problem.shape.pageSizeTokens;
        return o.splitTokens > 0
          ? withTable(problem, reread(problem, (at) => at.column < end ? at : null))
          : problem;
      }),
  ),
  ...kernelFamily(
    { name: "groups_up_to", origin: "field", violates: ["shape/group", "mixed/batch"] },
    [16, 20, 32].map((limit) => ({
      limit,
      label: String(limit),
      fault: `Query heads past the ${limit}th of a group get what its first one gets`,
      killedBy: ["kernel:size:group"],
    })),
    ({ limit }) =>
      answering((reply, problem) => {
        const group = problem.shape.queryHeads / problem.shape.kvHeads;
        if (group <= limit) return {};
        return copyRows(
          problem,
          reply,
          (token, head) => [token, head % group >= limit ? head - head % group : head],
        );
      }),
  ),
  ...kernelFamily(
    { name: "one_window_a_call", origin: "field", violates: ["mask/several-windows"] },
    (["first", "largest", "smallest", "last"] as const).map((which) => ({
      which,
      label: which,
      fault: `Every window head of a call has the ${which} window of it`,
      killedBy: ["kernel:size:windows"],
    })),
    ({ which }) =>
      asking((problem) => {
        const kept = [...problem.headWindows].filter((window) => window > 0);
        const chosen = {
          first: kept[0],
          last: kept.at(-1),
          largest: Math.max(...kept),
          smallest: Math.min(...kept),
        }[which];
        if (kept.length === 0 || chosen === undefined) return problem;
        const headWindows = problem.headWindows.map((window) => window > 0 ? chosen : window);
        return { ...problem, headWindows };
      }),
  ),
  ...kernelLayoutFamily({
    name: "append_ends",
    origin: "field",
    violates: ["layout/write-follows-table", "mixed/batch"],
    variants: {
      slots_past_5: ({ slot }: AppendedColumn) => slot >= 5,
      columns_past_64: ({ column }: AppendedColumn) => column >= 64,
      tokens_past_48: ({ column, firstColumn, page }: AppendedColumn) =>
        column - firstColumn >= 48 / page,
    },
    fault: (what) => `an append leaves out ${what}`,
    test: "kernel:size:append",
    layouts: HEAD_LAYOUTS,
  }, (good, isLeftOut) => ({
    append: async (problem) => {
      const page = problem.shape.pageSizeTokens;
      const table = reread(problem, (at) => {
        const firstColumn = Math.floor((problem.cachedLengths[at.slot] ?? 0) / page);
        return isLeftOut({ ...at, firstColumn, page }) ? null : at;
      });
      return changed(
        await good.append({ ...problem, table }),
        (reply) => ({ ...reply, droppedWrites: 0 }),
      );
    },
  })),
  ...kernelLayoutFamily({
    name: "kernel_has",
    origin: "field",
    violates: ["layout/id-spaces-distinct"],
    variants: WIDTHS,
    fault: (bits) => `the kernel has ${bits}`,
    test: (layout, { width }) => `kernel:size:wide:layout=${layout};width=${width};*`,
    layouts: HEAD_LAYOUTS,
  }, (good, { elements }) => ({
    attendSparse: (problem, { pageIds }) => {
      const ids = elements === null ? 2 ** 16 : elements / elementsOfId(problem.shape);
      const named = new Set(pageIds);
      const table = problem.table.map((id) => {
        const kept = id < 0 ? id : id % ids;
        return named.has(kept) ? kept : -1;
      });
      return good.attendSparse!(withTable(problem, table), { pageIds });
    },
  })),
];
