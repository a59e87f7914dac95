/** Kernels that read or write through a hole, entry by entry and layout by layout. */
import { type AttentionProblem, STORAGE_FORMATS } from "../../kernel/mod.ts";
import type { AttendReply } from "../subject.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "../suites/cache_spec.ts";
import { kernelLayoutFamily, named } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { answering, asking, changed, closeHoles } from "./problem_changes.ts";

/** A column of a row, within the pages that its request holds or past them. */
export interface WalkedColumn {
  /** What stands there. */
  readonly id: number;
  readonly column: number;
  /** Pages that the request's tokens fill. */
  readonly pages: number;
  /** Place in the table. */
  readonly index: number;
}

/** NaN in every output of a head whose row has a column that is read and must not be. */
export function leak(
  problem: AttentionProblem,
  reply: AttendReply,
  reads: (at: WalkedColumn) => boolean,
): AttendReply {
  const { batch, kvHeads, queryHeads, headSize, columns, storage, pageSizeTokens } = problem.shape;
  const group = queryHeads / kvHeads;
  const output = reply.output.slice();
  const nan = STORAGE_FORMATS[storage].quietNan;
  for (let slot = 0; slot < batch; slot++) {
    const [first = 0, last = 0] = problem.queryStarts.subarray(slot, slot + 2);
    const tokens = (problem.cachedLengths[slot] ?? 0) + last - first;
    const pages = Math.ceil(tokens / pageSizeTokens);
    for (let head = 0; head < kvHeads; head++) {
      const start = (slot * kvHeads + head) * columns;
      const row = problem.table.subarray(start, start + columns);
      const at = (id: number, column: number) => ({ id, column, pages, index: start + column });
      if (!row.some((id, column) => reads(at(id, column)))) continue;
      for (let token = first; token < last; token++) {
        const place = (token * queryHeads + head * group) * headSize;
        output.fill(nan, place, place + group * headSize);
      }
    }
  }
  return { ...reply, output };
}

export const holeMutants: readonly Mutant[] = [
  ...kernelLayoutFamily(
    {
      name: "hole_is_page_0",
      origin: "field",
      violates: ["sentinel/no-read"],
      variants: named("in_values", "in_the_row_walk", "in_the_first_column"),
      fault: (where) => `a hole becomes page 0 ${where}`,
      test: (layout, where) =>
        `kernel:sentinel:${
          where === "in_the_first_column" ? "first_page" : "no_read"
        }:layout=${layout};*`,
      layouts: HEAD_LAYOUTS,
    },
    (good, where) =>
      answering((reply, problem, o) =>
        where === "in_the_first_column"
          ? leak(problem, reply, ({ column }) => column === 0)
          : o.walk === "row"
          ? leak(problem, reply, ({ column, pages }) => column < pages)
          : {}
      )(good),
  ),
  ...kernelLayoutFamily({
    name: "write_to_hole",
    origin: "field",
    violates: ["sentinel/no-write"],
    variants: named("lands_in_page_0", "lands_in_the_column_before", "is_not_counted"),
    fault: (how) => `a write to a hole ${how}`,
    test: "kernel:append:holes",
    layouts: LAYOUTS,
  }, (good, how) => ({
    append: async (problem) => {
      if (how === "is_not_counted") {
        return changed(
          await good.append(problem),
          (reply) => ({ ...reply, droppedWrites: Math.min(reply.droppedWrites, 1) }),
        );
      }
      const { columns } = problem.shape;
      const table = problem.table.map((id, index) => {
        if (id !== -1 || how === "lands_in_page_0") return Math.max(id, 0);
        return index % columns === 0 ? -1 : problem.table[index - 1] ?? -1;
      });
      const reply = await good.append({ ...problem, table });
      const honest = await good.append(problem);
      const dropped = honest.kind === "ok" ? honest.value.droppedWrites : 0;
      return changed(reply, (value) => ({ ...value, droppedWrites: dropped }));
    },
  })),
  ...kernelLayoutFamily({
    name: "write_to_hole_of_head_0_drops_all_heads",
    violates: ["sentinel/no-write"],
    fault: "a hole of head 0 drops the token's writes of every head",
    test: (layout) => `kernel:append:holes:layout=${layout};where=first_head;*`,
    layouts: HEAD_LAYOUTS,
  }, (good) => ({
    append: (problem) => {
      const { kvHeads, columns } = problem.shape;
      if (problem.table.length % (kvHeads * columns) !== 0) return good.append(problem);
      const table = problem.table.map((id, index) => {
        const row = Math.floor(index / columns);
        return problem.table[index - (row % kvHeads) * columns] === -1 ? -1 : id;
      });
      return good.append({ ...problem, table });
    },
  })),
  ...kernelLayoutFamily({
    name: "holes_closed_up",
    violates: ["recycle/off-equal-answers", "sentinel/no-read"],
    fault: "later pages slide into holes",
    test: "kernel:attend:recycling",
    layouts: HEAD_LAYOUTS,
  }, asking((problem) => problem.table instanceof Int32Array ? closeHoles(problem) : problem)),
];
