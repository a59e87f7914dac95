/** Checks sampled rows of a step that just ran against the oracle, from what lies on the device. */

import { createRandom } from "../../allocator/mod.ts";
import { compareWithOracle } from "../compare.ts";
import type { AttentionProblem } from "../problem.ts";
import { judgeRow } from "../quantised/judge_row.ts";
import { decodeValues } from "../storage_type.ts";
import { arithmeticOf } from "./matrix_mapping.ts";
import { readBack } from "./read_back.ts";
import { decodeSample, sampleRanges } from "./sample_cache.ts";
import type { StepState } from "./step.ts";
import type { GroupRows } from "../step_rows.ts";

/** The verdict on a step. */
export interface StepVerification {
  /** Whether every sampled output lies inside its bound and every sampled write arrived. */
  readonly ok: boolean;
  /** Largest share of the error bound used. */
  readonly worstBudgetUsed: number;
  /** What is wrong; empty when `ok`. */
  readonly message: string;
}

interface Sample {
  readonly slot: number;
  readonly head: number;
  /** Token of the step within the slot. */
  readonly token: number;
  /** The same within the whole step. */
  readonly stepToken: number;
}

/** Reads back sampled (slot, token, KV head) triples with every page that they see. */
export async function verifyStep(
  state: StepState,
  batch: GroupRows,
  o: { samples: number; seed: number; layer: number },
): Promise<StepVerification> {
  let worstBudgetUsed = 0;
  for (const sample of drawSamples(state, batch, o)) {
    const where = `slot ${sample.slot}, KV head ${sample.head}, token ${sample.token}`;
    if (!hasOwnPage(state, batch, sample)) {
      return notWritten(where);
    }
    const { problem, output, packedValue } = await readSample(state, batch, {
      sample,
      layer: o.layer,
    });
    // Contents are random: where all are 0 not even they were made, and zeros would be the right answer.
    if (packedValue.every((bits) => bits === 0) || problem.query.every((bits) => bits === 0)) {
      const message = `the query or the value of ${where} is 0 throughout: nothing was computed`;
      return { ok: false, worstBudgetUsed: Infinity, message };
    }
    if (!wasWritten(problem, packedValue)) return notWritten(where);
    const { tuning } = state.attend.options;
    const arithmetic = arithmeticOf(state.gpu.target, {
      shape: state.options.shape,
      queryTokens: batch.queryLengths[sample.slot],
      ...(tuning === undefined ? {} : { tuning }),
    });
    const verdict = compareWithOracle({ problem, output, arithmetic: [arithmetic] });
    worstBudgetUsed = Math.max(worstBudgetUsed, verdict.worstBudgetUsed);
    if (!verdict.ok) {
      return { ok: false, worstBudgetUsed, message: `${where}: ${verdict.message}` };
    }
  }
  return { ok: true, worstBudgetUsed, message: "" };
}

function notWritten(where: string): StepVerification {
  const message = `the value of ${where} was not written where the table points`;
  return { ok: false, worstBudgetUsed: Infinity, message };
}

function hasOwnPage(state: StepState, batch: GroupRows, o: Sample): boolean {
  const position = batch.cachedLengths[o.slot] + o.token;
  return visiblePages(state, batch, { ...o, position, windowTokens: 1 })
    .has(Math.floor(position / state.options.shape.pageSizeTokens));
}

function drawSamples(
  state: StepState,
  batch: GroupRows,
  o: { samples: number; seed: number },
): Sample[] {
  const random = createRandom(o.seed);
  const starts: number[] = [];
  let tokens = 0;
  for (const length of batch.queryLengths) {
    starts.push(tokens);
    tokens += length;
  }
  if (tokens === 0) return [];
  return Array.from({ length: o.samples }, () => {
    const stepToken = random.nextBelow(tokens);
    const slot = starts.findLastIndex((start, i) =>
      start <= stepToken && batch.queryLengths[i] > 0
    );
    const head = random.nextBelow(state.options.shape.kvHeads);
    return { slot, head, token: stepToken - starts[slot], stepToken };
  });
}

/** One token of one KV head as a problem of its own: its group's queries over its visible pages. */
async function readSample(
  state: StepState,
  batch: GroupRows,
  o: { sample: Sample; layer: number },
): Promise<{
  problem: AttentionProblem;
  output: Uint16Array;
  packedValue: Uint16Array;
}> {
  const { cache, options, tensors } = state;
  const { shape } = options;
  const { slot, head, token, stepToken } = o.sample;
  const group = shape.queryHeads / shape.kvHeads;
  const rowBytes = shape.headSize * 2;
  const position = batch.cachedLengths[slot] + token;
  const windowTokens = options.headWindows[batch.group][head];
  const ids = visiblePages(state, batch, { slot, head, position, windowTokens });
  const table = new Int32Array(Math.floor(position / shape.pageSizeTokens) + 1).fill(-1);
  let page = 0;
  for (const column of ids.keys()) table[column] = page++;
  const pages = { cache, layer: o.layer, ids: [...ids.values()], head };
  const groupBytes = group * rowBytes;
  const queryRow = { offsetBytes: (stepToken * shape.queryHeads + head * group) * rowBytes };
  const packedHeads = shape.queryHeads + 2 * shape.kvHeads;
  const valueHead = shape.queryHeads + shape.kvHeads + head;
  const bytes = await readBack(state.gpu, [
    { buffer: tensors.query, ...queryRow, sizeBytes: groupBytes },
    { buffer: tensors.output, ...queryRow, sizeBytes: groupBytes },
    {
      buffer: tensors.packed,
      offsetBytes: (stepToken * packedHeads + valueHead) * rowBytes,
      sizeBytes: rowBytes,
    },
    ...sampleRanges(pages),
  ]);
  const take = (offsetBytes: number, elements: number): Uint16Array =>
    new Uint16Array(bytes, offsetBytes, elements);
  const keysAt = 2 * groupBytes + rowBytes;
  const sinkLogits = state.sinkLogits?.slice(head * group, (head + 1) * group);
  return {
    problem: {
      shape: {
        ...shape,
        batch: 1,
        queryHeads: group,
        kvHeads: 1,
        pages: ids.size,
        columns: table.length,
        layout: "headwise",
      },
      query: take(0, group * shape.headSize),
      ...decodeSample({ ...pages, shape, shared: state.shared }, bytes.slice(keysAt)),
      table,
      queryStarts: Int32Array.of(0, 1),
      cachedLengths: Int32Array.of(position),
      headWindows: Int32Array.of(windowTokens),
      sinkTokens: options.sinkTokens,
      ...(options.scoreScale === null ? {} : { scale: options.scoreScale }),
      ...(sinkLogits === undefined ? {} : { sinkLogits }),
    },
    output: take(groupBytes, group * shape.headSize),
    packedValue: take(2 * groupBytes, shape.headSize),
  };
}

/** Whether the problem's last token holds the value that was appended there. */
function wasWritten(problem: AttentionProblem, packedValue: Uint16Array): boolean {
  const { headSize, pageSizeTokens, valueFormat, storage } = problem.shape;
  const position = problem.cachedLengths[0];
  const ownPage = problem.table[Math.floor(position / pageSizeTokens)];
  const row = ownPage * pageSizeTokens + position % pageSizeTokens;
  if (valueFormat === undefined) {
    const written = problem.values.subarray(row * headSize, (row + 1) * headSize);
    return written.every((bits, i) => bits === packedValue[i]);
  }
  const target = { tensor: problem.quantisedValues!, format: valueFormat, headSize };
  const values = decodeValues(storage, packedValue);
  return judgeRow(target, { row, head: 0 }, { values }) === null;
}

function visiblePages(
  state: StepState,
  batch: GroupRows,
  o: { slot: number; head: number; position: number; windowTokens: number },
): Map<number, number> {
  const { pageSizeTokens } = state.options.shape;
  const { table } = batch;
  const row = table.layout === "uniform"
    ? o.slot
    : (batch.group * table.slots + o.slot) * table.kvHeads + o.head;
  const windowBegin = o.windowTokens === 0 ? 0 : Math.max(0, o.position - o.windowTokens + 1);
  const found = new Map<number, number>();
  for (let column = 0; column <= Math.floor(o.position / pageSizeTokens); column++) {
    const inWindow = (column + 1) * pageSizeTokens > windowBegin;
    const inSinks = column * pageSizeTokens < state.options.sinkTokens;
    const id = table.ids[row * table.columns + column];
    if ((inWindow || inSinks) && id >= 0) found.set(column, id);
  }
  return found;
}
