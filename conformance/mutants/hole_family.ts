/** Kernels that read or write through a hole, entry by entry and layout by layout. */
import { mapTable } from "../map_table.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "../suites/cache_spec.ts";
import { kernelLayoutFamily, named } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { answering, asking, changed, closeHoles, leak } from "./problem_changes.ts";

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
      const table = mapTable(problem, (id, { index, column }) => {
        if (id !== -1 || how === "lands_in_page_0") return Math.max(id, 0);
        return column === 0 ? -1 : problem.table[index - 1] ?? -1;
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
      const { columns } = problem.shape;
      const table = mapTable(
        problem,
        (id, { index, head }) => problem.table[index - head * columns] === -1 ? -1 : id,
      );
      return good.append({ ...problem, table });
    },
  })),
  ...kernelLayoutFamily({
    name: "holes_closed_up",
    violates: ["recycle/off-equal-answers", "sentinel/no-read"],
    fault: "later pages slide into holes",
    test: "kernel:attend:recycling",
    layouts: HEAD_LAYOUTS,
  }, asking(closeHoles)),
];
