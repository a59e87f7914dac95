/** Kernels that take shapes and types which cannot be, one fault each. */
import { type Mutant, mutateKernel } from "./mutant.ts";
import { zeros } from "./problem_changes.ts";

export const shapeMutants: readonly Mutant[] = [
  mutateKernel({
    name: "no_columns_is_no_keys",
    fault: "A table without columns is taken for a cache without keys",
    violates: ["shape/columns-positive"],
    killedBy: ["kernel:refusal:shape:fault=no_columns"],
  }, (good) => ({
    attend: (problem, o) =>
      problem.shape.columns === 0 ? Promise.resolve(zeros(problem)) : good.attend(problem, o),
  })),
  mutateKernel({
    name: "group_floored",
    fault: "The group is floored, and query heads past the last whole one are left at 0",
    violates: ["shape/group"],
    killedBy: ["kernel:refusal:shape:fault=group_indivisible"],
  }, (good) => ({
    attend: (problem, o) =>
      problem.shape.queryHeads % problem.shape.kvHeads === 0
        ? good.attend(problem, o)
        : Promise.resolve(zeros(problem)),
  })),
  mutateKernel({
    name: "storage_unchecked",
    fault: "The bytes of a float32 query are read as 16-bit values",
    violates: ["dtype/c16"],
    killedBy: ["kernel:refusal:storage:fault=query_float32"],
  }, (good) => ({
    attend: (problem, o) => {
      const { buffer, byteOffset, length } = problem.query;
      const isWide = (problem.query as unknown) instanceof Float32Array;
      const query = isWide ? new Uint16Array(buffer, byteOffset, length) : problem.query;
      return good.attend({ ...problem, query }, o);
    },
  })),
];
