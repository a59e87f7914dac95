/** Kernels that declare a null page, or stale ids in dead columns, and do not keep to it. */
import type { Layout } from "../../allocator/mod.ts";
import { withoutNullPage } from "../null_page.ts";
import type { KernelSubject } from "../subject.ts";
import { createPosedKernel } from "../subjects/posed_kernel.ts";
import { deadColumns } from "../table_policies.ts";
import { HEAD_LAYOUTS } from "../suites/cache_spec.ts";
import { kernelFamily } from "./family.ts";
import { leak } from "./hole_family.ts";
import type { Mutant } from "./mutant.ts";
import { changed } from "./problem_changes.ts";

const NULL_PAGE = { nullId: 0, deadColumns: "cleared" } as const;
const STALE = { nullId: -1, deadColumns: "stale" } as const;

/** A kernel that is good with other layouts than one. */
function withLayout(
  good: KernelSubject,
  bad: KernelSubject,
  layout: Layout,
): Pick<KernelSubject, "attend" | "append"> {
  return {
    attend: (problem, o) => (problem.shape.layout === layout ? bad : good).attend(problem, o),
    append: (problem) => (problem.shape.layout === layout ? bad : good).append(problem),
  };
}

/** Every kernel that does not keep to what it declares of its tables. */
export const tablePolicyMutants: readonly Mutant[] = [
  ...kernelFamily(
    { name: "null_page", origin: "field", violates: ["sentinel/no-read"], policies: NULL_PAGE },
    HEAD_LAYOUTS.flatMap((layout) =>
      (["is_read", "is_read_in_the_row_walk"] as const).map((how) => ({
        layout,
        how,
        label: `${how}_${layout}`,
        fault: `With the ${layout} layout the null page ${how.replaceAll("_", " ")}`,
        killedBy: [`kernel:sentinel:no_read:layout=${layout};*`],
      }))
    ),
    ({ layout, how }) => (good) => {
      const posed = createPosedKernel(good, NULL_PAGE);
      const bad: KernelSubject = {
        ...posed,
        attend: async (problem, o) => {
          const reply = await posed.attend(problem, o);
          if (how !== "is_read" && o.walk !== "row") return reply;
          return changed(
            reply,
            (value) => leak(problem, value, ({ id, column, pages }) => id === 0 && column < pages),
          );
        },
      };
      return { ...posed, ...withLayout(posed, bad, layout) };
    },
  ),
  ...kernelFamily(
    { name: "null_page", origin: "field", violates: ["sentinel/no-write"], policies: NULL_PAGE },
    (["uniform", ...HEAD_LAYOUTS] as const).map((layout) => ({
      layout,
      label: `is_written_${layout}`,
      fault: `With the ${layout} layout writes to a hole land in the null page, and are counted`,
      killedBy: [`kernel:append:holes:layout=${layout};*`],
    })),
    ({ layout }) => (good) => {
      const posed = createPosedKernel(good, NULL_PAGE);
      const bad: KernelSubject = {
        ...posed,
        append: async (problem) => {
          const honest = await posed.append(problem);
          const droppedWrites = honest.kind === "ok" ? honest.value.droppedWrites : 0;
          return changed(await good.append(problem), (value) => ({ ...value, droppedWrites }));
        },
      };
      return { ...posed, ...withLayout(posed, bad, layout) };
    },
  ),
  ...kernelFamily(
    {
      name: "null_page_forgotten",
      origin: "own",
      violates: ["layout/row-major-heads"],
      policies: NULL_PAGE,
    },
    HEAD_LAYOUTS.map((layout) => ({
      layout,
      label: layout,
      fault: `With the ${layout} layout ids lose the null page, and the cache does not`,
      killedBy: [`kernel:attend:layout:layout=${layout};*`],
    })),
    ({ layout }) => (good) => {
      const posed = createPosedKernel(good, NULL_PAGE);
      const bad: KernelSubject = {
        ...posed,
        attend: (problem, o) => {
          const { keys, values } = problem;
          const known = withoutNullPage(problem);
          const { length } = known.keys;
          return good.attend({
            ...known,
            keys: keys.subarray(0, length),
            values: values.subarray(0, length),
          }, o);
        },
      };
      return { ...posed, ...withLayout(posed, bad, layout) };
    },
  ),
  ...kernelFamily(
    { name: "stale_column", origin: "field", violates: ["sentinel/no-read"], policies: STALE },
    HEAD_LAYOUTS.flatMap((layout) =>
      ([
        ["is_read", "kernel:sentinel:first_page"],
        ["is_read_in_the_row_walk", "kernel:sentinel:no_read"],
      ] as const).map(([how, test]) => ({
        layout,
        how,
        label: `${how}_${layout}`,
        fault: `With the ${layout} layout the page of a stale id ${how.replaceAll("_", " ")}`,
        killedBy: [`${test}:layout=${layout};*`],
      }))
    ),
    ({ layout, how }) => (good) => {
      const posed = createPosedKernel(good, STALE);
      const bad: KernelSubject = {
        ...posed,
        attend: async (problem, o) => {
          const reply = await posed.attend(problem, o);
          if (how !== "is_read" && o.walk !== "row") return reply;
          const table = problem.table.map(() => -1);
          const dead = new Set(deadColumns({ ...problem, table }));
          return changed(
            reply,
            (value) => leak(problem, value, ({ id, index }) => id >= 0 && dead.has(index)),
          );
        },
      };
      return { ...posed, ...withLayout(posed, bad, layout) };
    },
  ),
];
