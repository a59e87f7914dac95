/** What became of one case. */
import { AdapterFault, type AdapterVerdict } from "./adapters/adapter_fault.ts";
import { GpuError } from "../kernel/mod.ts";
import type { Outcome, Verdict } from "./report_schema.ts";

export type { Outcome, Verdict } from "./report_schema.ts";

/** What a subject did in place of answering; in this process it can only throw, or hang. */
export type FaultCode = "exception" | AdapterVerdict;

/** Statuses of a case, as rows carry them. */
export type Status = Outcome["kind"];

/** A command to the subject threw. */
export class SubjectFault extends Error {
  /** Always `subject-fault`. */
  readonly code = "subject-fault";
  /** Kind of the fault. */
  readonly faultCode: FaultCode;
  /** Command that threw. */
  readonly command: string;
  /** Wraps what was thrown. */
  constructor(command: string, cause: unknown) {
    const detail = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`Subject threw in "${command}": ${detail}`, { cause });
    this.name = "SubjectFault";
    this.command = command;
    this.faultCode = faultCodeOf(cause);
  }
}

/** A device that is gone or silent is told apart like an adapter that is. */
function faultCodeOf(cause: unknown): FaultCode {
  if (cause instanceof AdapterFault) return cause.verdict;
  if (!(cause instanceof GpuError)) return "exception";
  return cause.code === "timeout"
    ? "timeout"
    : cause.code === "device-lost"
    ? "crash"
    : "exception";
}

/** A test found something that no acceptance set allows; the run turns it into a failure. */
export class Mismatch extends Error {
  readonly code = "mismatch";
  /** Share of an error budget that was used; null where there is none. */
  readonly budgetUsed: number | null;
  /** The smallest input found that shows it; undefined where the case itself is one. */
  readonly counterexample: unknown;
  /** Makes the error from what was seen in place of what. */
  constructor(message: string, budgetUsed: number | null = null, counterexample?: unknown) {
    super(message);
    this.name = "Mismatch";
    this.budgetUsed = budgetUsed;
    this.counterexample = counterexample;
  }
}

/** The verdict of a passed test. */
export const PASS: Verdict = { kind: "pass", budgetUsed: null };
