/** Failed requests of a live run: as they are thrown, by kind and as a share. */

import type { LiveError, LiveErrorKind, LiveSide } from "./live_schema.ts";

/** A request that failed, with the kind by which it is counted. */
export class RequestFailure extends Error {
  /** What kind of failure. */
  readonly kind: LiveErrorKind;

  /** Builds the failure from a full message. */
  constructor(kind: LiveErrorKind, message: string) {
    super(message);
    this.name = "RequestFailure";
    this.kind = kind;
  }
}

/**
 * Counts failures by kind.
 *
 * @returns How many of each kind, in the order in which kinds first occur; none of other kinds.
 */
export function countFailures(
  errors: readonly LiveError[],
): Partial<Record<LiveErrorKind, number>> {
  const counts: Partial<Record<LiveErrorKind, number>> = {};
  for (const { kind } of errors) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/**
 * Failures by kind as text, such as `2 timeout, 1 connect`.
 *
 * @returns The text; empty without errors.
 */
export function describeFailures(errors: readonly LiveError[]): string {
  return Object.entries(countFailures(errors)).map(([kind, count]) => `${count} ${kind}`)
    .join(", ");
}

/**
 * Share of a server's requests that failed, over all its runs.
 *
 * @returns A share in [0, 1]; 1 where no request was made.
 */
export function failedShare({ runs }: LiveSide): number {
  const sum = (key: "completed" | "failed"): number =>
    runs.reduce((total, { performance }) => total + performance[key], 0);
  const failed = sum("failed");
  const all = failed + sum("completed");
  return all === 0 ? 1 : failed / all;
}
