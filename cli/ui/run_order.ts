/** What to run, from the page's address and from its controls. */

import type { RunOrder } from "./messages.ts";

/** Suites that run where nothing else is said. */
const DEFAULT_FILTER = "kernel";
/** As in `headwise conformance`. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** What the address may say beside `run` and `filter`. */
const VALUES: Readonly<Record<string, { readonly pattern: RegExp; readonly expected: string }>> = {
  "only": { pattern: /^(?:suites|benchmark)$/, expected: "'suites' or 'benchmark'" },
  "subgroups": { pattern: /^(?:auto|off)$/, expected: "'auto' or 'off'" },
  "timeout-ms": { pattern: /^[1-9]\d{0,8}$/, expected: "a whole number of milliseconds" },
};

/**
 * Reads an order from a query string: `?run` starts at once, `filter=QUERIES` chooses cases,
 * `only=suites` or `only=benchmark` leaves the other out, `subgroups=off` goes without, and
 * `timeout-ms=N` is the longest time of a case.
 *
 * @returns The order, whether it starts at once, and what is wrong with the address, or null.
 */
export function readOrder(
  query: URLSearchParams,
): { readonly order: RunOrder; readonly isOrdered: boolean; readonly fault: string | null } {
  const only = query.get("only");
  return {
    isOrdered: query.has("run"),
    fault: faultOf(query),
    order: writeOrder({
      filter: query.get("filter") ?? DEFAULT_FILTER,
      suites: only !== "benchmark",
      benchmark: only !== "suites",
      subgroups: query.get("subgroups") !== "off",
      timeoutMs: Number(query.get("timeout-ms") ?? DEFAULT_TIMEOUT_MS),
    }),
  };
}

function faultOf(query: URLSearchParams): string | null {
  for (const [name, { pattern, expected }] of Object.entries(VALUES)) {
    const value = query.get(name);
    if (value !== null && !pattern.test(value)) {
      return `The address says ${name}=${value}; expected ${expected}`;
    }
  }
  return null;
}

/** Makes an order of what the controls say. */
export function writeOrder(
  o: {
    readonly filter: string;
    readonly suites: boolean;
    readonly benchmark: boolean;
    readonly subgroups: boolean;
    readonly timeoutMs: number;
  },
): RunOrder {
  return {
    filter: o.suites ? o.filter.trim() : null,
    benchmark: o.benchmark,
    subgroups: o.subgroups ? "auto" : "off",
    timeoutMs: o.timeoutMs,
  };
}
