/** Ways to give a good kernel the wrong problem, or to change what it answered. */
import { type AppendProblem, type AttentionProblem, STORAGE_FORMATS } from "../../kernel/mod.ts";
import { mapTable } from "../map_table.ts";
import type { AttendOptions, AttendReply, Reply } from "../subject.ts";
import { type KernelFault, withTable } from "./mutant.ts";

/** Changes what was carried out, and leaves refusals. */
export function changed<T>(reply: Reply<T>, change: (value: T) => T): Reply<T> {
  return reply.kind === "ok" ? { kind: "ok", value: change(reply.value) } : reply;
}

/** A kernel that computes another problem than the one that it is asked. */
export function asking(
  change: (problem: AttentionProblem, o: AttendOptions) => AttentionProblem,
): KernelFault {
  return (good) => ({ attend: (problem, o) => good.attend(change(problem, o), o) });
}

/** A kernel whose answers are changed. */
export function answering(
  change: (
    reply: AttendReply,
    problem: AttentionProblem,
    o: AttendOptions,
  ) => Partial<AttendReply>,
): KernelFault {
  return (good) => ({
    attend: async (problem, o) =>
      changed(
        await good.attend(problem, o),
        (reply) => ({ ...reply, ...change(reply, problem, o) }),
      ),
  });
}

/** The answer of a kernel that computes nothing. */
export function zeros(problem: AttentionProblem): Reply<AttendReply> {
  return { kind: "ok", value: { output: new Uint16Array(problem.query.length), logSumExp: null } };
}

/** A kernel that takes some of the problems which it has to refuse, and answers zeros. */
export function taking(
  isTaken: (problem: AttentionProblem, message: string) => boolean,
): KernelFault {
  return (good) => ({
    attend: async (problem, o) => {
      const reply = await good.attend(problem, o);
      return reply.kind === "refused" && isTaken(problem, reply.message) ? zeros(problem) : reply;
    },
  });
}

/** A column of a row, within the pages that its request holds or past them. */
interface WalkedColumn {
  /** What stands there. */
  readonly id: number;
  readonly column: number;
  /** Pages that the request's tokens fill. */
  readonly pages: number;
  /** Place in the table. */
  readonly index: number;
}

/**
 * NaN in every output of a head whose row has a column that is read and must not be: page 0 is read
 * and masked, and 0 · NaN stays NaN.
 */
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

/** Closes every row's holes up, so that later pages slide to earlier columns. */
export function closeHoles(problem: AttentionProblem): AttentionProblem {
  const { columns } = problem.shape;
  if (!(problem.table instanceof Int32Array)) return problem;
  const table = problem.table.slice();
  for (let start = 0; start < table.length; start += columns) {
    const named = table.slice(start, start + columns).filter((id) => id >= 0);
    table.fill(-1, start, start + columns).set(named, start);
  }
  return withTable(problem, table);
}

/** Bytes of an int64 table read as int32. */
export function readAsInt32(table: Int32Array): Int32Array {
  const { buffer, byteOffset, length } = table;
  const wide = (table as unknown) instanceof BigInt64Array;
  return wide ? new Int32Array(buffer, byteOffset, length) : table;
}

/** The table as somebody reads it who takes row h·B + b for row b·H + h. */
export function headsFirstRows(problem: AttentionProblem | AppendProblem): Int32Array {
  const { layout, batch, kvHeads, columns } = problem.shape;
  const { table } = problem;
  if (layout === "uniform" || table.length !== batch * kvHeads * columns) return table;
  return mapTable(
    problem,
    (_, { slot, head, column }) => table[(head * batch + slot) * columns + column] ?? -1,
  );
}

/** Gives every row as many columns as the longest request has pages, read on from the row's start. */
export function overrunRows(problem: AttentionProblem): AttentionProblem {
  const { columns, pageSizeTokens, batch } = problem.shape;
  const { cachedLengths, queryStarts, table } = problem;
  const pages = Array.from({ length: batch }, (_, slot) => {
    const query = Number(queryStarts[slot + 1] ?? 0) - Number(queryStarts[slot] ?? 0);
    return Math.ceil((Number(cachedLengths[slot] ?? 0) + query) / pageSizeTokens);
  });
  const needed = Math.max(...pages);
  if (columns === 0 || !(needed > columns)) {
    return problem;
  }
  const rows = table.length / columns;
  const walked = Int32Array.from({ length: rows * needed }, (_, index) => {
    const start = Math.floor(index / needed) * columns;
    return table[start + index % needed] ?? -1;
  });
  return { ...problem, table: walked, shape: { ...problem.shape, columns: needed } };
}

/** Rows of the output that are copied from another row of it. */
export function copyRows<R extends AttendReply>(
  problem: AttentionProblem,
  reply: R,
  source: (token: number, head: number) => [token: number, head: number],
): R {
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

/** The first token of the row of a token. */
export function firstOfRow({ queryStarts }: AttentionProblem, token: number): number {
  return queryStarts.findLast((start) => start <= token) ?? 0;
}

/** Columns of the output with those of full heads first. */
export function fullHeadsFirst(problem: AttentionProblem, reply: AttendReply): Uint16Array {
  const { kvHeads, queryHeads, headSize } = problem.shape;
  const width = queryHeads / kvHeads * headSize;
  const heads = Array.from({ length: kvHeads }, (_, head) => head);
  const isFull = (head: number): boolean => problem.headWindows[head] === 0;
  const order = [...heads.filter(isFull), ...heads.filter((head) => !isFull(head))];
  return reply.output.map((_, index) => {
    const row = Math.floor(index / (kvHeads * width));
    const column = index % (kvHeads * width);
    const from = order[Math.floor(column / width)] ?? 0;
    return reply.output[row * kvHeads * width + from * width + column % width] ?? 0;
  });
}
