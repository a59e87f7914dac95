/** One attention call on the GPU, from host tensors to host tensors. */

import { checkProblem } from "../check_problem.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { AttentionProblem } from "../problem.ts";
import type { Gpu } from "./gpu.ts";
import {
  arithmeticOfSlots,
  createProblemRun,
  decodeResults,
  destroyProblemRun,
  resultRanges,
  submitProblem,
  uploadProblem,
} from "./problem_run.ts";
import { readBack } from "./read_back.ts";
import type { AttendTuning } from "./program.ts";

/** Options of `attendOnGpu`. */
export interface AttendOnGpuOptions {
  /** Pages that are read: those that some row sees (default), or the whole row, masked. */
  readonly walk?: "row" | "visible";
  /** Tokens of a split; by default chosen for the adapter. */
  readonly splitTokens?: number;
  /** Whether to return log-sum-exps. */
  readonly returnLogSumExp?: boolean;
  /** Other than the default tuning. */
  readonly tuning?: AttendTuning;
  /** [T, Hq, D] bits to write into, in place of a new array. */
  readonly into?: Uint16Array;
}

/** What an attention call gives. */
export interface AttendOutcome {
  /** [T, Hq, D] bits of the storage type; `into` where that was given. */
  readonly output: Uint16Array;
  /** [T, Hq] over visible keys, −Infinity where there is none; null unless asked for. */
  readonly logSumExp: Float32Array | null;
  /** [B] how the rows of each slot were multiplied: what their error bound depends on. */
  readonly arithmetic: readonly Arithmetic[];
}

/**
 * Runs one attention problem on the GPU.
 *
 * @returns Output bits and, where asked for, log-sum-exps.
 * @throws {ProblemError} If a tensor is wrong, before any byte of it is read.
 * @throws {GpuError} If the device fails.
 *
 * @example
 * ```ts
 * import { attendOnGpu, closeGpu, compareWithOracle, openGpu, randomProblem } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const outcome = await openGpu();
 * if (outcome.kind === "gpu") {
 *   const problem = randomProblem({
 *     seed: 1, queryLengths: [1, 3], cachedLengths: [40, 0],
 *     shape: { batch: 2, queryHeads: 4, kvHeads: 2, headSize: 64, pageSizeTokens: 16, pages: 8,
 *       columns: 4, layout: "headwise", storage: "bf16" },
 *   });
 *   const { output, arithmetic } = await attendOnGpu(outcome.gpu, problem);
 *   assert.ok(compareWithOracle({ problem, output, arithmetic }).ok);
 *   closeGpu(outcome.gpu);
 * }
 * ```
 */
export async function attendOnGpu(
  gpu: Gpu,
  p: AttentionProblem,
  o: AttendOnGpuOptions = {},
): Promise<AttendOutcome> {
  checkProblem(p);
  const output = o.into ?? new Uint16Array(p.query.length);
  if (output.length !== p.query.length) {
    throw new RangeError(
      `Output must have ${p.query.length} elements [T, Hq, D]: "into" has ${output.length}`,
    );
  }
  const logSumExp = o.returnLogSumExp === true;
  if (p.query.length === 0) {
    return { output, logSumExp: logSumExp ? new Float32Array(0) : null, arithmetic: [] };
  }
  const run = await createProblemRun(gpu, p, {
    logSumExp,
    ...(o.tuning === undefined ? {} : { tuning: o.tuning }),
  });
  try {
    uploadProblem(run, p, {
      walk: o.walk ?? "visible",
      ...(o.splitTokens === undefined ? {} : { splitTokens: o.splitTokens }),
    });
    submitProblem(run);
    const results = decodeResults(run, await readBack(gpu, resultRanges(run)));
    output.set(results.output);
    return { output, logSumExp: results.logSumExp, arithmetic: arithmeticOfSlots(run) };
  } finally {
    destroyProblemRun(run);
  }
}
