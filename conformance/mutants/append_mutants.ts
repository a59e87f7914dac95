/** Kernels that write, rotate or find rows wrongly, one fault each. */
import { mapTable } from "../map_table.ts";
import { type Mutant, mutateKernel, withTable } from "./mutant.ts";
import { answering, changed, headsFirstRows, leak, readAsInt32 } from "./problem_changes.ts";

export const appendMutants: readonly Mutant[] = [
  mutateKernel({
    name: "dtype_unchecked",
    fault: "The bytes of an int64 table are read as int32",
    origin: "field",
    violates: ["dtype/int32"],
    killedBy: ["kernel:refusal:dtype:fault=table_int64", "kernel:refusal:append:fault=table_int64"],
  }, (good) => ({
    attend: (problem, o) => good.attend(withTable(problem, readAsInt32(problem.table)), o),
    append: (problem) => good.append({ ...problem, table: readAsInt32(problem.table) }),
  })),
  mutateKernel({
    name: "writes_through_uniform_table",
    fault: "Writes take the row of head 0 while reads go by head",
    origin: "field",
    violates: ["layout/write-follows-table"],
    killedBy: ["kernel:append:layout", "kernel:append:rows", "kernel:append:read_back"],
  }, (good) => ({
    append: (problem) => {
      const { columns } = problem.shape;
      const table = mapTable(
        problem,
        (_, { index, head }) => problem.table[index - head * columns] ?? -1,
      );
      return good.append({ ...problem, table });
    },
  })),
  mutateKernel({
    name: "first_page_unguarded",
    fault: "A hole in the first column becomes page 0, for reads and for writes",
    origin: "field",
    violates: ["sentinel/no-read", "sentinel/no-write"],
    killedBy: ["kernel:sentinel:first_page", "kernel:append:holes:where=first_page;*"],
  }, (good) => ({
    ...answering((reply, problem) =>
      problem.shape.layout === "uniform"
        ? {}
        : leak(problem, reply, ({ id, column }) => id === -1 && column === 0)
    )(good),
    append: (problem) => {
      const table = mapTable(problem, (id, { column }) => id === -1 && column === 0 ? 0 : id);
      return good.append({ ...problem, table });
    },
  })),
  ...[4096, 8192, 32768].map((limit) =>
    mutateKernel({
      name: `rotation_by_a_table_of_${limit}`,
      fault: `Positions from ${limit} on turn as if they began again`,
      origin: "field",
      violates: ["rope/positions"],
      killedBy: ["kernel:append:far_rotation"],
    }, (good) => ({
      append: async (problem) => {
        const again = problem.cachedLengths.map((length) => length % limit);
        const near = await good.append({ ...problem, cachedLengths: again });
        return near.kind === "refused"
          ? near
          : changed(await good.append(problem), (reply) => ({ ...reply, query: near.value.query }));
      },
    }))
  ),
  mutateKernel({
    name: "rotation_by_chunk_position",
    fault: "Queries turn by their position in the chunk",
    violates: ["rope/positions"],
    killedBy: ["kernel:append:rotation", "kernel:append:theta"],
  }, (good) => ({
    append: async (problem) => {
      const absolute = await good.append(problem);
      const cachedLengths = new Int32Array(problem.shape.batch);
      const relative = await good.append({ ...problem, cachedLengths });
      return absolute.kind === "ok" && relative.kind === "ok"
        ? { kind: "ok", value: { ...absolute.value, query: relative.value.query } }
        : absolute;
    },
  })),
  mutateKernel({
    name: "dropped_writes_unreported",
    fault: "Writes to holes are dropped without a word",
    violates: ["sentinel/no-write"],
    killedBy: ["kernel:append:holes"],
  }, (good) => ({
    append: async (problem) =>
      changed(await good.append(problem), (reply) => ({ ...reply, droppedWrites: 0 })),
  })),
  mutateKernel({
    name: "rows_heads_first",
    fault: "Rows are taken as h·B + b",
    violates: ["layout/row-major-heads"],
    killedBy: ["kernel:attend:layout", "kernel:append:layout"],
  }, (good) => ({
    attend: (problem, o) => good.attend({ ...problem, table: headsFirstRows(problem) }, o),
    append: (problem) => good.append({ ...problem, table: headsFirstRows(problem) }),
  })),
];
