/** Kernels with one fault each. */
import { type AppendProblem, type AttentionProblem, STORAGE_FORMATS } from "../../kernel/mod.ts";
import { captureTable } from "../identity_table.ts";
import type { AttendReply, ReplayReply, Reply } from "../subject.ts";
import { type Mutant, mutateKernel, withTable } from "./mutant.ts";

const flatIds = mutateKernel({
  name: "flat_ids_in_per_head_kernel",
  fault: "Global ids are used as addresses where ids are local to the head",
  killedBy: ["kernel:sentinel:flat_ids", "kernel:sentinel:foreign_id:id=pool_end;*"],
}, (good) => ({
  attend: (problem, o) => {
    const { layout, pages, kvHeads } = problem.shape;
    const flat = layout === "headwise" && problem.table.some((id) => id >= pages);
    const table = problem.table.map((id) => Math.min(id, pages * kvHeads - 1));
    return good.attend(
      flat ? { ...problem, table, shape: { ...problem.shape, layout: "pooled" } } : problem,
      o,
    );
  },
}));

const moduloIds = mutateKernel({
  name: "ids_modulo_n",
  fault: "Ids are reduced modulo N in place of being refused",
  killedBy: ["kernel:sentinel:flat_ids", "kernel:attend:layout:layout=pooled;*"],
}, (good) => ({
  attend: (problem, o) => {
    const { pages } = problem.shape;
    const isTable = problem.table instanceof Int32Array;
    return good.attend(
      isTable ? withTable(problem, problem.table.map((id) => id % pages)) : problem,
      o,
    );
  },
}));

const nullTable = mutateKernel({
  name: "captured_with_null_table",
  fault: "A step recorded without a table is accepted and replays the row of head 0",
  killedBy: ["capture:record:table_present:fault=no_table;*"],
}, (good) => ({
  capture: (problem, o) =>
    good.capture(problem, { table: o.table ?? captureTable(problem.shape, 2) }),
}));

const frozenIndex = mutateKernel({
  name: "boolean_index_while_recording",
  fault: "Which columns are live is decided on the host while recording, and frozen",
  killedBy: ["capture:replay:equal", "capture:replay:repeated"],
}, (good) => ({
  replay: (capture, problem) => good.replay(capture, onlyColumns(problem, 2)),
}));

const readback = mutateKernel({
  name: "readback_inside_step",
  fault: "A replay reads lengths back to the host",
  killedBy: ["capture:replay:static"],
}, (good) => ({
  replay: async (capture, problem) =>
    changed(await good.replay(capture, problem), (reply) => ({ ...reply, readbacks: 1 })),
}));

const frozenReplay = mutateKernel({
  name: "replay_remembers",
  fault: "Every replay gives what the first one gave",
  killedBy: ["capture:replay:repeated"],
}, (good) => {
  const first = new Map<number, Reply<ReplayReply>>();
  return {
    replay: async (capture, problem) => {
      const reply = first.get(capture) ?? await good.replay(capture, problem);
      first.set(capture, reply);
      return reply;
    },
  };
});

const dtypeUnchecked = mutateKernel({
  name: "dtype_unchecked",
  fault: "The bytes of an int64 table are read as int32",
  killedBy: ["kernel:refusal:dtype:fault=table_int64", "kernel:refusal:append:fault=table_int64"],
}, (good) => ({
  attend: (problem, o) => good.attend(withTable(problem, readAsInt32(problem.table)), o),
  append: (problem) => good.append({ ...problem, table: readAsInt32(problem.table) }),
}));

const sinksForgotten = mutateKernel({
  name: "sinks_zero_in_one_entry",
  fault: "The entry point that writes into a given output has no sinks",
  killedBy: ["kernel:mask:sinks:entry=into;*"],
}, (good) => ({
  attend: (problem, o) =>
    good.attend(o.into === undefined ? problem : { ...problem, sinkTokens: 0 }, o),
}));

const shortRow = mutateKernel({
  name: "row_shorter_than_walk",
  fault: "A request with more pages than M runs on into the next row",
  killedBy: ["kernel:refusal:shape:fault=columns_short"],
}, (good) => ({ attend: (problem, o) => good.attend(overrunRows(problem), o) }));

const uniformWrites = mutateKernel({
  name: "writes_through_uniform_table",
  fault: "Writes take the row of head 0 while reads go by head",
  killedBy: ["kernel:append:layout", "kernel:append:rows", "kernel:append:read_back"],
}, (good) => ({
  append: async (problem) => {
    const { layout, kvHeads, columns } = problem.shape;
    if (layout === "uniform" || !(problem.table instanceof Int32Array)) {
      return await good.append(problem);
    }
    const table = problem.table.map((_, index) => {
      const slot = Math.floor(index / columns / kvHeads);
      return problem.table[slot * kvHeads * columns + index % columns] ?? -1;
    });
    return await good.append({ ...problem, table });
  },
}));

const firstPage = mutateKernel({
  name: "first_page_unguarded",
  fault: "A hole in the first column becomes page 0, for reads and for writes",
  killedBy: ["kernel:sentinel:first_page", "kernel:append:holes:where=first_page;*"],
}, (good) => ({
  attend: async (problem, o) =>
    changed(await good.attend(problem, o), (reply) => leakFirstPage(problem, reply)),
  append: (problem) => {
    const { columns } = problem.shape;
    const table = problem.table.map((id, index) => id === -1 && index % columns === 0 ? 0 : id);
    return good.append({ ...problem, table });
  },
}));

const windowOffByOne = mutateKernel({
  name: "window_one_too_wide",
  fault: "A window head sees W keys beside its own",
  killedBy: ["kernel:mask:window"],
}, (good) => ({
  attend: (problem, o) => {
    const headWindows = problem.headWindows.map((window) => window > 0 ? window + 1 : window);
    return good.attend({ ...problem, headWindows }, o);
  },
}));

const sinkPerSplit = mutateKernel({
  name: "learned_sink_in_every_split",
  fault: "Every split adds the learned sink to its denominator",
  killedBy: ["kernel:softmax:learned_sink"],
}, (good) => ({
  attend: (problem, o) => {
    const { sinkLogits } = problem;
    const twice = sinkLogits !== undefined && o.splitTokens > 0;
    return good.attend(
      twice ? { ...problem, sinkLogits: sinkLogits.map((logit) => logit + Math.LN2) } : problem,
      o,
    );
  },
}));

const treeIgnored = mutateKernel({
  name: "tree_mask_ignored",
  fault: "Drafted siblings see one another",
  killedBy: ["kernel:mask:tree"],
}, (good) => ({
  attend: (problem, o) => {
    const { treeMask: _, ...rest } = problem;
    return good.attend(rest, o);
  },
}));

const rangesIgnored = mutateKernel({
  name: "mask_ranges_ignored",
  fault: "Key ranges are accepted and the causal limit is used",
  killedBy: ["kernel:mask:offset", "kernel:mask:nothing_visible"],
}, (good) => ({
  attend: (problem, o) => {
    const { maskRanges: _, ...rest } = problem;
    return good.attend(rest, o);
  },
}));

const scaleMissing = mutateKernel({
  name: "scale_missing",
  fault: "Scores are not scaled",
  killedBy: ["kernel:softmax:scale:scale=default", "kernel:mask:full"],
}, (good) => ({
  attend: (problem, o) => good.attend({ ...problem, scale: problem.scale ?? 1 }, o),
}));

const swappedPasses = mutateKernel({
  name: "passes_merged_in_order",
  fault: "Two passes are put one after the other in place of being merged by head",
  killedBy: ["kernel:dual:merge"],
}, (good) => ({
  attend: async (problem, o) =>
    changed(
      await good.attend(problem, o),
      (reply) => o.passes === "two" ? { ...reply, output: fullHeadsFirst(problem, reply) } : reply,
    ),
}));

const restless = mutateKernel({
  name: "not_deterministic",
  fault: "The same inputs give other bits every second time",
  killedBy: ["kernel:softmax:deterministic", "kernel:attend:named_options"],
}, (good) => {
  let calls = 0;
  return {
    attend: async (problem, o) =>
      changed(await good.attend(problem, o), (reply) => {
        calls++;
        return { ...reply, output: reply.output.map((bits) => bits ^ (calls % 2)) };
      }),
  };
});

const eagerOutput = mutateKernel({
  name: "writes_past_last_query",
  fault: "A given output is cleared to its end",
  killedBy: ["kernel:sentinel:idle:entry=into;*"],
}, (good) => ({
  attend: async (problem, o) =>
    changed(
      await good.attend(problem, o),
      (reply) => ({ ...reply, output: reply.output.slice().fill(0, problem.query.length) }),
    ),
}));

const relativeRotation = mutateKernel({
  name: "rotation_by_chunk_position",
  fault: "Queries turn by their position in the chunk",
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
}));

const silentDrops = mutateKernel({
  name: "dropped_writes_unreported",
  fault: "Writes to holes are dropped without a word",
  killedBy: ["kernel:append:holes"],
}, (good) => ({
  append: async (problem) =>
    changed(await good.append(problem), (reply) => ({ ...reply, droppedWrites: 0 })),
}));

const headsFirst = mutateKernel({
  name: "rows_heads_first",
  fault: "Rows are taken as h·B + b",
  killedBy: ["kernel:attend:layout", "kernel:append:layout"],
}, (good) => ({
  attend: (problem, o) => good.attend({ ...problem, table: headsFirstRows(problem) }, o),
  append: (problem) => good.append({ ...problem, table: headsFirstRows(problem) }),
}));

/** Every kernel with a fault. */
export const kernelMutants: readonly Mutant[] = [
  flatIds,
  moduloIds,
  nullTable,
  frozenIndex,
  readback,
  frozenReplay,
  dtypeUnchecked,
  sinksForgotten,
  shortRow,
  uniformWrites,
  firstPage,
  windowOffByOne,
  sinkPerSplit,
  treeIgnored,
  rangesIgnored,
  scaleMissing,
  swappedPasses,
  restless,
  eagerOutput,
  relativeRotation,
  silentDrops,
  headsFirst,
];

/** Changes what was carried out, and leaves refusals. */
function changed<T>(reply: Reply<T>, change: (value: T) => T): Reply<T> {
  return reply.kind === "ok" ? { kind: "ok", value: change(reply.value) } : reply;
}

function onlyColumns(problem: AttentionProblem, kept: number): AttentionProblem {
  const { columns } = problem.shape;
  return withTable(problem, problem.table.map((id, index) => index % columns < kept ? id : -1));
}

function readAsInt32(table: Int32Array): Int32Array {
  const { buffer, byteOffset, length } = table;
  const wide = (table as unknown) instanceof BigInt64Array;
  return wide ? new Int32Array(buffer, byteOffset, length) : table;
}

/** Gives every row as many columns as the longest request has pages, read on from the row's start. */
function overrunRows(problem: AttentionProblem): AttentionProblem {
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

/** NaN where the first column is a hole: page 0 is read and masked, and 0 · NaN stays NaN. */
function leakFirstPage(problem: AttentionProblem, reply: AttendReply): AttendReply {
  const { layout, batch, kvHeads, queryHeads, headSize, columns, storage } = problem.shape;
  const output = reply.output.slice();
  const group = queryHeads / kvHeads;
  const nan = STORAGE_FORMATS[storage].quietNan;
  for (let slot = 0; slot < batch && layout !== "uniform"; slot++) {
    for (let head = 0; head < kvHeads; head++) {
      if (problem.table[(slot * kvHeads + head) * columns] !== -1) {
        continue;
      }
      const last = problem.queryStarts[slot + 1] ?? 0;
      for (let token = problem.queryStarts[slot] ?? 0; token < last; token++) {
        const start = (token * queryHeads + head * group) * headSize;
        output.fill(nan, start, start + group * headSize);
      }
    }
  }
  return { ...reply, output };
}

/** Columns of the output with those of full heads first. */
function fullHeadsFirst(problem: AttentionProblem, reply: AttendReply): Uint16Array {
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

/** The table as somebody reads it who takes row h·B + b for row b·H + h. */
function headsFirstRows(problem: AttentionProblem | AppendProblem): Int32Array {
  const { layout, batch, kvHeads, columns } = problem.shape;
  if (layout === "uniform" || problem.table.length !== batch * kvHeads * columns) {
    return problem.table;
  }
  return problem.table.map((_, index) => {
    const row = Math.floor(index / columns);
    const other = (row % kvHeads) * batch + Math.floor(row / kvHeads);
    return problem.table[other * columns + index % columns] ?? -1;
  });
}
