/** Service-level objectives and what meets them. */

import { optionError } from "../result/mod.ts";
import type { LiveSettings } from "./live_schema.ts";

/** Most that a request may take to count as good; null where nothing is demanded. */
export type ServiceObjectives = NonNullable<LiveSettings["objectives"]>;

const KEYS = { ttft: "ttftMs", tbt: "tbtMs", e2e: "endToEndMs" } as const;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000 };

/**
 * Reads objectives such as `ttft=200ms,tbt=50ms,e2e=10s`.
 *
 * @param text Names and limits with their units.
 * @throws {BenchError} When a part cannot be read.
 */
export function parseObjectives(text: string): ServiceObjectives {
  const objectives = { ttftMs: null, tbtMs: null, endToEndMs: null } as {
    -readonly [KEY in keyof ServiceObjectives]: number | null;
  };
  for (const part of text.split(",")) {
    const found = /^\s*(ttft|tbt|e2e)\s*=\s*(\d+(?:\.\d+)?)\s*(ms|s)\s*$/.exec(part);
    const limit = found === null ? 0 : Number(found[2]) * UNITS[found[3]];
    if (found === null || limit <= 0) {
      throw optionError(
        `Cannot read the objective '${part}': give ttft, tbt or e2e and a time above 0, such as ` +
          `ttft=200ms`,
      );
    }
    objectives[KEYS[found[1] as keyof typeof KEYS]] = limit;
  }
  return objectives;
}

/** Whether a request meets every objective; without gaps between tokens there is no TBT to miss. */
export function meetsObjectives(
  objectives: ServiceObjectives,
  o: Pick<ServiceObjectives, "ttftMs" | "endToEndMs"> & { readonly tpotMs: number | null },
): boolean {
  const within = (value: number | null, limit: number | null): boolean =>
    limit === null || (value !== null && value <= limit);
  return o.ttftMs !== null && within(o.ttftMs, objectives.ttftMs) &&
    within(o.tpotMs ?? 0, objectives.tbtMs) && within(o.endToEndMs, objectives.endToEndMs);
}
