/** Full heads and window heads in two passes over one output, as engines without head-wise masks do. */

import { checkProblem } from "../check_problem.ts";
import type { AttentionProblem } from "../problem.ts";
import type { AttendOutcome } from "./attend_on_gpu.ts";
import type { Gpu } from "./gpu.ts";
import { runProblem } from "./problem_run.ts";

/**
 * Computes the window heads in one pass and the full heads in a second; each pass writes the columns
 * of its heads alone, which merges them. The result equals one head-wise pass (`dual/merge`).
 *
 * @returns Output bits and log-sum-exps, as `attendOnGpu` gives them.
 * @throws {ProblemError} If a tensor is wrong, before any byte of it is read.
 * @throws {GpuError} If the device fails.
 */
export async function attendInTwoPasses(gpu: Gpu, p: AttentionProblem): Promise<AttendOutcome> {
  checkProblem(p);
  if (p.query.length === 0) {
    return { output: new Uint16Array(0), logSumExp: new Float32Array(0), arithmetic: [] };
  }
  const heads = Array.from({ length: p.shape.kvHeads }, (_, head) => head);
  const passes = [
    heads.filter((head) => p.headWindows[head] !== 0),
    heads.filter((head) => p.headWindows[head] === 0),
  ].filter((pass) => pass.length > 0);
  const [first, second] = await Promise.all(
    passes.map((heads) =>
      runProblem(gpu, p, { logSumExp: true, plan: { walk: "visible", heads } })
    ),
  );
  if (second !== undefined) copyHeads(p, { from: second, to: first, heads: passes[1] });
  return first;
}

/** Copies the columns of some KV heads' query heads. */
function copyHeads(
  p: AttentionProblem,
  o: {
    from: Pick<AttendOutcome, "output" | "logSumExp">;
    to: Pick<AttendOutcome, "output" | "logSumExp">;
    heads: readonly number[];
  },
): void {
  const { queryHeads, kvHeads, headSize } = p.shape;
  const group = queryHeads / kvHeads;
  const tokens = p.query.length / (queryHeads * headSize);
  for (let token = 0; token < tokens; token++) {
    for (const head of o.heads) {
      const row = token * queryHeads + head * group;
      const rowEnd = row + group;
      o.to.logSumExp!.set(o.from.logSumExp!.subarray(row, rowEnd), row);
      const bits = o.from.output.subarray(row * headSize, rowEnd * headSize);
      o.to.output.set(bits, row * headSize);
    }
  }
}
