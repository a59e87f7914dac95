/** One attention call on the GPU, from host tensors to host tensors. */

import { checkProblem } from "../check_problem.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { AttentionProblem } from "../problem.ts";
import type { Gpu } from "./gpu.ts";
import { runProblem } from "./problem_run.ts";
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
  const results = await runProblem(gpu, p, {
    logSumExp,
    plan: {
      walk: o.walk ?? "visible",
      ...(o.splitTokens === undefined ? {} : { splitTokens: o.splitTokens }),
    },
    ...(o.tuning === undefined ? {} : { tuning: o.tuning }),
  });
  output.set(results.output);
  return { ...results, output };
}
