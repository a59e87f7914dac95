/** Kernels that declare a null page, or stale ids in dead columns, and do not keep to it. */
import { withoutNullPage } from "../null_page.ts";
import type { KernelSubject } from "../subject.ts";
import { createPosedKernel } from "../subjects/posed_kernel.ts";
import { deadColumns } from "../table_policies.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "../suites/cache_spec.ts";
import { kernelLayoutFamily, named } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { changed, leak } from "./problem_changes.ts";

const NULL_PAGE = { nullId: 0, deadColumns: "cleared" } as const;
const STALE = { nullId: -1, deadColumns: "stale" } as const;

export const tablePolicyMutants: readonly Mutant[] = [
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
