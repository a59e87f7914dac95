/**
 * A captured step: pipelines, bind groups and dispatch sizes fixed once, replayed by buffer writes.
 *
 * WebGPU has no reusable command list for compute, so what is recorded is everything that a list
 * would fix: which pipelines and bind groups, and how many workgroups, enough for the longest rows
 * that the table can name. A replay writes tensors, table and work list, and runs the recorded
 * dispatches; workgroups past the work list return at once. It makes no object, reads nothing back
 * and takes no decision that changes a shape.
 */

import { planningOf } from "./attend_planning.ts";
import { identityTable } from "../../allocator/mod.ts";
import { checkProblem } from "../check_problem.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { AttentionProblem } from "../problem.ts";
import { ShapeError, ValueError } from "../problem_error.ts";
import { type DispatchSize, dispatchSize, reserveAttend } from "./attend_stage.ts";
import { createBuffer, type Gpu } from "./gpu.ts";
import { ITEM_ROWS } from "./item_rows.ts";
import { maxItems } from "./plan_splits.ts";
import {
  arithmeticOfSlots,
  createProblemRun,
  decodeResults,
  destroyProblemRun,
  planProblem,
  type ProblemRun,
  problemTable,
  resultRanges,
  submitProblem,
  uploadProblem,
} from "./problem_run.ts";
import { answered, throwFaults } from "./wait.ts";

/** What a replay gives, and what it cost beyond buffer contents. */
export interface ReplayOutcome {
  /** [T, Hq, D] bits. */
  readonly output: Uint16Array;
  /** [T, Hq], −Infinity where no key is visible. */
  readonly logSumExp: Float32Array;
  /** [B] how the rows of each slot were multiplied. */
  readonly arithmetic: readonly Arithmetic[];
  /** Readbacks inside the step; the copy of the result is none. */
  readonly readbacks: number;
  /** Buffers, bind groups and pipelines that the replay made. */
  readonly objectsMade: number;
}

/** A recorded step. */
export interface CapturedStep {
  /** Runs the recorded step over a problem of the same shapes. */
  readonly replay: (p: AttentionProblem) => Promise<ReplayOutcome>;
  /** Gives its buffers back. */
  readonly destroy: () => void;
}

/**
 * Records a step of the problem's shapes.
 *
 * @param p A problem whose table holds identity ids: base = slot · pages, for every head.
 * @throws {ProblemError} If the table is not the identity one, or a tensor is wrong.
 * @throws {GpuError} If the device fails.
 */
export async function captureStep(gpu: Gpu, p: AttentionProblem): Promise<CapturedStep> {
  checkProblem(p);
  requireIdentity(p);
  const run = await createProblemRun(gpu, p, { logSumExp: true });
  const size = largestSize(run);
  reserveAttend(run.stage, {
    size,
    partialRows: size.items.reduce((sum, count, i) => sum + count * ITEM_ROWS[i], 0),
    queryTokens: run.queryTokens,
  });
  const results = resultRanges(run);
  const staging = createBuffer(gpu, {
    label: "replay result",
    sizeBytes: results.reduce((sum, range) => sum + range.sizeBytes, 0),
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  // Binds everything once, before the first replay.
  uploadProblem(run, p, { walk: "visible", isRecorded: true });
  submitProblem(run, size);
  throwFaults(gpu);
  return {
    replay: (next) => replay(run, { problem: next, recorded: p, size, staging }),
    destroy: () => {
      destroyProblemRun(run);
      staging.destroy();
    },
  };
}

async function replay(
  run: ProblemRun,
  o: {
    problem: AttentionProblem;
    recorded: AttentionProblem;
    size: DispatchSize;
    staging: GPUBuffer;
  },
): Promise<ReplayOutcome> {
  checkProblem(o.problem);
  requireSameShapes(o.recorded, o.problem);
  const { gpu } = run;
  const before = gpu.objects.made;
  uploadProblem(run, o.problem, { walk: "visible", isRecorded: true });
  submitProblem(run, o.size);
  const objectsMade = gpu.objects.made - before;
  const encoder = gpu.device.createCommandEncoder();
  let at = 0;
  for (const { buffer, offsetBytes, sizeBytes } of resultRanges(run)) {
    encoder.copyBufferToBuffer(buffer, offsetBytes ?? 0, o.staging, at, sizeBytes);
    at += sizeBytes;
  }
  gpu.device.queue.submit([encoder.finish()]);
  await answered(gpu, o.staging.mapAsync(GPUMapMode.READ), "reading back a replay");
  const bytes = o.staging.getMappedRange().slice(0, at);
  o.staging.unmap();
  throwFaults(gpu);
  const { output, logSumExp } = decodeResults(run, bytes);
  const arithmetic = arithmeticOfSlots(run);
  return { output, logSumExp: logSumExp!, arithmetic, readbacks: 0, objectsMade };
}

/** Room for any lengths. */
function largestSize(run: ProblemRun): DispatchSize {
  const { kvHeads, queryHeads, columns, pageSizeTokens } = run.shape;
  const full = run.queryLengths.map((tokens) => Math.max(0, columns * pageSizeTokens - tokens));
  const zero = new Int32Array(kvHeads);
  const table = new Int32Array(kvHeads * run.shape.batch * columns);
  planProblem(run, {
    shape: run.shape,
    query: new Uint16Array(0),
    keys: new Uint16Array(0),
    values: new Uint16Array(0),
    table,
    queryStarts: new Int32Array(0),
    cachedLengths: full,
    headWindows: zero,
    sinkTokens: 0,
  }, { walk: "visible", isRecorded: true, splitTokens: columns * pageSizeTokens });
  const tiles = dispatchSize(run.plan).items;
  const planning = planningOf(run.stage);
  // An item of matrices is one subgroup, where one of the vector kernel is two.
  const hasMatrices = Number.isFinite(planning.rowSizes?.leastMatrixRows ?? Infinity);
  const parallelItems = planning.parallelItems * (hasMatrices ? 2 : 1);
  const tokens = columns * pageSizeTokens;
  const items = tiles.map((count) =>
    count === 0 ? 0 : maxItems({ tiles: count, tokens, parallelItems })
  );
  return { items, merges: run.queryTokens * queryHeads, isShort: false };
}

function requireIdentity(p: AttentionProblem): void {
  const { shape, table } = p;
  let pagesPerSlot = 0;
  while (pagesPerSlot < shape.columns && table[pagesPerSlot] >= 0) pagesPerSlot++;
  if (pagesPerSlot === 0) {
    throw new ValueError(
      "Cannot record a step: the table names no page; record with identity ids, base = slot · pages",
      "capture/table-present",
      { name: "table", actual: -1 },
    );
  }
  const expected = identityTable(problemTable(p), pagesPerSlot);
  const wrong = table.findIndex((id, index) => id !== expected.ids[index]);
  if (wrong < 0) return;
  throw new ValueError(
    `Cannot record a step: entry ${wrong} of the table is ${table[wrong]} where the identity id ` +
      `is ${expected.ids[wrong]}; record with identity ids, base = slot · pages`,
    "capture/table-present",
    { name: "table", actual: table[wrong] },
  );
}

function requireSameShapes(recorded: AttentionProblem, next: AttentionProblem): void {
  const kinds = (p: AttentionProblem): string =>
    JSON.stringify([
      p.shape,
      [...p.queryStarts],
      p.maskRanges !== undefined,
      p.treeMask?.maxQueryTokens ?? 0,
      p.sinkLogits !== undefined,
    ]);
  if (kinds(recorded) === kinds(next)) return;
  throw new ShapeError(
    `Cannot replay a step over other shapes: recorded ${kinds(recorded)}, given ${kinds(next)}; ` +
      "record a step for these shapes",
    "capture/static",
    { name: "problem", actual: kinds(next) },
  );
}
