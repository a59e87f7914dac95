/** What a benchmark run or a gate can refuse. */
export type BenchErrorCode =
  | "bench/option"
  | "bench/ceilings"
  | "bench/clock-refused"
  | "bench/aborted"
  | "bench/resume"
  | "bench/allocator"
  | "bench/thread"
  | "bench/ranks-disagree"
  | "bench/unknown-card"
  | "bench/outside-profile"
  | "bench/calibration"
  | "gate/missing-side"
  | "gate/not-comparable";

/** A benchmark run or a gate that cannot be made. */
export class BenchError extends Error {
  /** What was refused. */
  readonly code: BenchErrorCode;

  /** Builds the error from its code and a full message. */
  constructor(code: BenchErrorCode, message: string) {
    super(message);
    this.name = "BenchError";
    this.code = code;
  }
}

/** An option that cannot be followed; the message names it, its value and what to give. */
export function optionError(message: string): BenchError {
  return new BenchError("bench/option", message);
}
