/** Kernels that are right at the sizes of small tests, and wrong beyond them. */
import type { Layout } from "../../allocator/mod.ts";
import type { AppendProblem, AttentionProblem } from "../../kernel/mod.ts";
import { elementsOfId } from "../sparse_cache.ts";
import type { AttendReply } from "../subject.ts";
import { HEAD_LAYOUTS } from "../suites/cache_spec.ts";
import { type FamilyMember, kernelFamily } from "./family.ts";
import { type Mutant, withTable } from "./mutant.ts";
import { changed } from "./problem_changes.ts";

type AnyProblem = Pick<AttentionProblem | AppendProblem, "shape" | "table">;

/** The table entry by entry: read from another slot or column, or a hole. */
function reread(
  problem: AnyProblem,
  from: (o: { slot: number; column: number }) => { slot: number; column: number } | null,
): Int32Array {
  const { layout, kvHeads, columns } = problem.shape;
  const heads = layout === "uniform" ? 1 : kvHeads;
  return problem.table.map((_, index) => {
    const row = Math.floor(index / columns);
    const place = from({ slot: Math.floor(row / heads), column: index % columns });
    if (place === null) return -1;
    return problem.table[(place.slot * heads + row % heads) * columns + place.column] ?? -1;
  });
}

/** Rows of the output that are copied from another row of it. */
function copyRows(
  problem: AttentionProblem,
  reply: AttendReply,
  source: (token: number, head: number) => [number, number],
): AttendReply {
  const { queryHeads, headSize } = problem.shape;
  const output = reply.output.slice();
  const rows = problem.query.length / headSize;
  for (let row = 0; row < rows; row++) {
    const [token, head] = source(Math.floor(row / queryHeads), row % queryHeads);
    const from = (token * queryHeads + head) * headSize;
    output.set(reply.output.subarray(from, from + headSize), row * headSize);
  }
  return { ...reply, output };
}

interface SizeMember extends FamilyMember {
  readonly limit: number;
  readonly layout: Layout;
}

function members(
  limits: readonly number[],
  layouts: readonly Layout[],
  o: { readonly fault: (limit: number) => string; readonly query: (layout: Layout) => string },
): SizeMember[] {
  return limits.flatMap((limit) =>
    layouts.map((layout) => ({
      limit,
      layout,
      label: `${limit}_${layout}`,
      fault: `With the ${layout} layout ${o.fault(limit)}`,
      killedBy: [o.query(layout)],
    }))
  );
}

/** Bits that ids or offsets are kept in, and the elements after which they start again. */
const WIDTHS = [
  { bits: "ids_of_16_bits", width: "ids_16", elements: null },
  { bits: "byte_offsets_of_31_bits", width: "offsets_31", elements: 2 ** 30 },
  { bits: "element_offsets_of_31_bits", width: "offsets_31", elements: 2 ** 31 },
  { bits: "element_offsets_of_32_bits", width: "offsets_31", elements: 2 ** 32 },
] as const;

/** Every kernel that is wrong beyond a size. */
export const kernelSizeMutants: readonly Mutant[] = [
  ...kernelFamily(
    {
      name: "reads_rows_of_slots_modulo",
      origin: "field",
      violates: ["layout/row-major-heads", "mixed/batch"],
    },
    members([5, 16, 32, 64], ["uniform", ...HEAD_LAYOUTS], {
      fault: (limit) => `slots are taken modulo ${limit}`,
      query: (layout) => `kernel:size:slots:layout=${layout};*`,
    }),
    ({ limit, layout }) => (good) => ({
      attend: (problem, o) =>
        problem.shape.layout === layout && problem.shape.batch > limit
          ? good.attend(
            withTable(problem, reread(problem, (at) => ({ ...at, slot: at.slot % limit }))),
            o,
          )
          : good.attend(problem, o),
    }),
  ),
  ...kernelFamily(
    { name: "chunk_ends_after", origin: "field", violates: ["mixed/batch", "mask/full"] },
    members([48, 64, 128, 256], HEAD_LAYOUTS, {
      fault: (limit) => `tokens of a chunk past the ${limit}th get the answer of that one`,
      query: (layout) => `kernel:size:chunk:layout=${layout};*`,
    }),
    ({ limit, layout }) => (good) => ({
      attend: async (problem, o) =>
        changed(await good.attend(problem, o), (reply) => {
          if (problem.shape.layout !== layout) return reply;
          const first = (token: number): number =>
            problem.queryStarts.findLast((start) => start <= token) ?? 0;
          return copyRows(
            problem,
            reply,
            (token, head) => [Math.min(token, first(token) + limit - 1), head],
          );
        }),
    }),
  ),
  ...kernelFamily(
    { name: "keys_end_after", origin: "field", violates: ["numerics/c16", "mixed/batch"] },
    members([1024, 4096, 8192], HEAD_LAYOUTS, {
      fault: (limit) => `slots but the first see ${limit} keys at most`,
      query: (layout) => `kernel:size:long_row:layout=${layout};*`,
    }),
    ({ limit, layout }) => (good) => ({
      attend: (problem, o) => {
        const { pageSizeTokens } = problem.shape;
        return problem.shape.layout === layout && problem.table instanceof Int32Array
          ? good.attend(
            withTable(
              problem,
              reread(
                problem,
                (at) => at.slot > 0 && at.column * pageSizeTokens >= limit ? null : at,
              ),
            ),
            o,
          )
          : good.attend(problem, o);
      },
    }),
  ),
  ...kernelFamily(
    { name: "columns_in_a_byte", origin: "field", violates: ["numerics/c16", "mixed/batch"] },
    members([256], HEAD_LAYOUTS, {
      fault: (limit) => `columns are counted modulo ${limit}`,
      query: (layout) => `kernel:size:long_row:layout=${layout};page=16;*`,
    }),
    ({ limit, layout }) => (good) => ({
      attend: (problem, o) =>
        problem.shape.layout === layout && problem.table instanceof Int32Array
          ? good.attend(
            withTable(problem, reread(problem, (at) => ({ ...at, column: at.column % limit }))),
            o,
          )
          : good.attend(problem, o),
    }),
  ),
  ...kernelFamily(
    { name: "merges_splits_up_to", origin: "field", violates: ["numerics/c16"] },
    [13, 16, 32].map((limit) => ({
      limit,
      label: String(limit),
      fault: `Splits past the ${limit}th are computed and not merged`,
      killedBy: ["kernel:size:splits"],
    })),
    ({ limit }) => (good) => ({
      attend: (problem, o) => {
        const { pageSizeTokens } = problem.shape;
        const end = limit * o.splitTokens / pageSizeTokens;
        return o.splitTokens > 0
          ? good.attend(withTable(problem, reread(problem, (at) => at.column < end ? at : null)), o)
          : good.attend(problem, o);
      },
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
    ({ limit }) => (good) => ({
      attend: async (problem, o) =>
        changed(await good.attend(problem, o), (reply) => {
          const group = problem.shape.queryHeads / problem.shape.kvHeads;
          return group > limit
            ? copyRows(
              problem,
              reply,
              (token, head) => [token, head % group >= limit ? head - head % group : head],
            )
            : reply;
        }),
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
    ({ which }) => (good) => ({
      attend: (problem, o) => {
        const kept = [...problem.headWindows].filter((window) => window > 0);
        const chosen = {
          first: kept[0],
          last: kept.at(-1),
          largest: Math.max(...kept),
          smallest: Math.min(...kept),
        }[which];
        if (kept.length === 0 || chosen === undefined) return good.attend(problem, o);
        const headWindows = problem.headWindows.map((window) => window > 0 ? chosen : window);
        return good.attend({ ...problem, headWindows }, o);
      },
    }),
  ),
  ...kernelFamily(
    {
      name: "append_ends",
      origin: "field",
      violates: ["layout/write-follows-table", "mixed/batch"],
    },
    [
      { what: "slots_past_5", query: "rows=many_slots" },
      { what: "columns_past_64", query: "rows=1*" },
      { what: "tokens_past_48", query: "rows=200*" },
    ].flatMap(({ what }) =>
      HEAD_LAYOUTS.map((layout) => ({
        what,
        layout,
        label: `${what}_${layout}`,
        fault: `With the ${layout} layout an append leaves out ${what.replaceAll("_", " ")}`,
        killedBy: [`kernel:size:append:layout=${layout};*`],
      }))
    ),
    ({ what, layout }) => (good) => ({
      append: async (problem) => {
        if (problem.shape.layout !== layout) return await good.append(problem);
        const { pageSizeTokens } = problem.shape;
        const table = reread(problem, (at) => {
          const firstColumn = Math.floor((problem.cachedLengths[at.slot] ?? 0) / pageSizeTokens);
          const isLeftOut = what === "slots_past_5"
            ? at.slot >= 5
            : what === "columns_past_64"
            ? at.column >= 64
            : at.column - firstColumn >= 48 / pageSizeTokens;
          return isLeftOut ? null : at;
        });
        return changed(
          await good.append({ ...problem, table }),
          (reply) => ({ ...reply, droppedWrites: 0 }),
        );
      },
    }),
  ),
  ...kernelFamily(
    { name: "kernel_has", origin: "field", violates: ["layout/id-spaces-distinct"] },
    WIDTHS.flatMap((width) =>
      HEAD_LAYOUTS.map((layout) => ({
        ...width,
        layout,
        label: `${width.bits}_${layout}`,
        fault: `With the ${layout} layout the kernel has ${width.bits.replaceAll("_", " ")}`,
        killedBy: [`kernel:size:wide:layout=${layout};width=${width.width};*`],
      }))
    ),
    ({ layout, elements }) => (good) => ({
      attendSparse: (problem, { pageIds }) => {
        if (problem.shape.layout !== layout) return good.attendSparse!(problem, { pageIds });
        const ids = elements === null ? 2 ** 16 : elements / elementsOfId(problem.shape);
        const named = new Set(pageIds);
        const table = problem.table.map((id) => {
          const kept = id < 0 ? id : id % ids;
          return named.has(kept) ? kept : -1;
        });
        return good.attendSparse!(withTable(problem, table), { pageIds });
      },
    }),
  ),
];
