/** Faults that a server can be told to have, for whoever tests a client on it. */

import { nearestName } from "../../fixtures/mod.ts";
import { optionError } from "../result/mod.ts";

/**
 * Every fault: `status` answers 500; `server` sends an error event half-way; `disconnect` breaks
 * the connection half-way; `stall` falls silent half-way; `malformed` sends what is not JSON; `abort`
 * gives up half-way with that finish reason; `cut` ends half-way in order, without one.
 */
export const SERVE_FAULTS = [
  "status",
  "server",
  "disconnect",
  "stall",
  "malformed",
  "abort",
  "cut",
] as const;

/** What goes wrong. */
export type ServeFault = typeof SERVE_FAULTS[number];

/** Which requests have which fault: each n-th one, counted from 1. */
export type ServeFaults = Readonly<Partial<Record<ServeFault, number>>>;

/**
 * Reads faults such as `disconnect=5,stall=7`.
 *
 * @throws {BenchError} When a part cannot be read.
 */
export function parseFaults(text: string): ServeFaults {
  const faults: Partial<Record<ServeFault, number>> = {};
  for (const part of text.split(",")) {
    const [name, period] = part.split("=").map((word) => word.trim());
    const fault = SERVE_FAULTS.find((each) => each === name);
    if (fault === undefined || !/^[1-9]\d*$/.test(period ?? "")) {
      const nearest = fault === undefined ? nearestName(name, SERVE_FAULTS) : undefined;
      const hint = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
      throw optionError(
        `Cannot read the fault '${part}': give one of ${SERVE_FAULTS.join(", ")} and each ` +
          `how-manieth request has it, such as stall=10${hint}`,
      );
    }
    faults[fault] = Number(period);
  }
  return faults;
}

/** The fault of the n-th request, counted from 1, or null; of several the first in the list. */
export function faultOf(faults: ServeFaults, ordinal: number): ServeFault | null {
  return SERVE_FAULTS.find((fault) => {
    const period = faults[fault];
    return period !== undefined && ordinal % period === 0;
  }) ?? null;
}
