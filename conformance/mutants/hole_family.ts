/** Kernels that read or write through a hole, whatever stands for it. */
import { mapTable } from "../map_table.ts";
import { withoutNullPage } from "../null_page.ts";
import type { KernelSubject } from "../subject.ts";
import { createPosedKernel } from "../subjects/posed_kernel.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "../suites/cache_spec.ts";
import { deadColumns } from "../table_policies.ts";
import { kernelLayoutFamily, named } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { answering, asking, changed, closeHoles, leak } from "./problem_changes.ts";

const NULL_PAGE = { nullId: 0, deadColumns: "cleared" } as const;
const STALE = { nullId: -1, deadColumns: "stale" } as const;

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
  ...kernelLayoutFamily({
    name: "null_page",
    origin: "field",
    violates: ["sentinel/no-read"],
    policies: NULL_PAGE,
    variants: named("is_read", "is_read_in_the_row_walk"),
    fault: (how) => `the null page ${how}`,
    test: "kernel:sentinel:no_read",
    layouts: HEAD_LAYOUTS,
  }, (good, how) => ({
    attend: async (problem, o) => {
      const reply = await good.attend(problem, o);
      if (how !== "is_read" && o.walk !== "row") return reply;
      return changed(
        reply,
        (value) => leak(problem, value, ({ id, column, pages }) => id === 0 && column < pages),
      );
    },
  }), posedAs(NULL_PAGE)),
  ...kernelLayoutFamily({
    name: "null_page_is_written",
    origin: "field",
    violates: ["sentinel/no-write"],
    policies: NULL_PAGE,
    fault: "writes to a hole land in the null page, and are counted",
    test: "kernel:append:holes",
    layouts: LAYOUTS,
  }, (posed, _, good) => ({
    append: async (problem) => {
      const honest = await posed.append(problem);
      const droppedWrites = honest.kind === "ok" ? honest.value.droppedWrites : 0;
      return changed(await good.append(problem), (value) => ({ ...value, droppedWrites }));
    },
  }), posedAs(NULL_PAGE)),
  ...kernelLayoutFamily({
    name: "null_page_forgotten",
    violates: ["layout/row-major-heads"],
    policies: NULL_PAGE,
    fault: "ids lose the null page, and the cache does not",
    test: "kernel:attend:layout",
    layouts: HEAD_LAYOUTS,
  }, (_, __, good) => ({
    attend: (problem, o) => {
      const known = withoutNullPage(problem);
      const { length } = known.keys;
      const keys = problem.keys.subarray(0, length);
      return good.attend({ ...known, keys, values: problem.values.subarray(0, length) }, o);
    },
  }), posedAs(NULL_PAGE)),
  ...kernelLayoutFamily({
    name: "stale_column",
    origin: "field",
    violates: ["sentinel/no-read"],
    policies: STALE,
    variants: named("is_read", "is_read_in_the_row_walk"),
    fault: (how) => `the page of a stale id ${how}`,
    test: (layout, how) =>
      `kernel:sentinel:${how === "is_read" ? "first_page" : "no_read"}:layout=${layout};*`,
    layouts: HEAD_LAYOUTS,
  }, (good, how) => ({
    attend: async (problem, o) => {
      const reply = await good.attend(problem, o);
      if (how !== "is_read" && o.walk !== "row") return reply;
      const table = problem.table.map(() => -1);
      const dead = new Set(deadColumns({ ...problem, table }));
      return changed(
        reply,
        (value) => leak(problem, value, ({ id, index }) => id >= 0 && dead.has(index)),
      );
    },
  }), posedAs(STALE)),
];

/** A good kernel that declares so. */
function posedAs(
  policies: typeof NULL_PAGE | typeof STALE,
): (good: KernelSubject) => KernelSubject {
  return (good) => createPosedKernel(good, policies);
}
