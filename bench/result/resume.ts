/** Whether a stopped run can be resumed: it has to be the same run. */

import { equalData } from "../../fixtures/mod.ts";
import { BenchError } from "./bench_error.ts";

/** A part of a result that has to be the same: what a message says where it is not, and both values. */
export type ResumedPart = readonly [differs: string, was: object, is: object];

/** The error of a run that cannot be resumed. */
export function refuseResume(reason: string): BenchError {
  return new BenchError(
    "bench/resume",
    `Cannot resume from the existing result: ${reason}; repeat the command that began it, or ` +
      "start again without --resume",
  );
}

/**
 * Refuses a run of which a part is otherwise than in this one.
 *
 * @throws {BenchError} `bench/resume` with the part and the first value in it that differs.
 */
export function requireSameRun(parts: readonly ResumedPart[]): void {
  for (const [differs, was, is] of parts) {
    if (!isSameStored(was, is)) throw refuseResume(`${differs}${difference(was, is)}`);
  }
}

/** Whether two values are the same as a file gives them back. */
export function isSameStored(was: unknown, is: unknown): boolean {
  return equalData(plain(was), plain(is));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function difference(earlier: object, blank: object): string {
  const [was, is] = [plain(earlier), plain(blank)] as Record<string, unknown>[];
  const key = Object.keys(is).find((name) => !equalData(was[name], is[name]));
  return key === undefined
    ? ""
    : ` (${key} ${JSON.stringify(was[key])}, now ${JSON.stringify(is[key])})`;
}
