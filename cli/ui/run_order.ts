/** What to run, from the page's address and from its controls. */

import type { RunOrder } from "./messages.ts";

/** Suites that run where nothing else is said. */
const DEFAULT_FILTER = "kernel";

/**
 * Reads an order from a query string: `?run` starts at once, `filter=QUERIES` chooses cases,
 * `only=suites` or `only=benchmark` leaves the other out, `subgroups=off` goes without.
 */
export function readOrder(
  query: URLSearchParams,
): { readonly order: RunOrder; readonly isOrdered: boolean } {
  const only = query.get("only");
  return {
    isOrdered: query.has("run"),
    order: writeOrder({
      filter: query.get("filter") ?? DEFAULT_FILTER,
      suites: only !== "benchmark",
      benchmark: only !== "suites",
      subgroups: query.get("subgroups") !== "off",
    }),
  };
}

/** Makes an order of what the controls say. */
export function writeOrder(
  o: {
    readonly filter: string;
    readonly suites: boolean;
    readonly benchmark: boolean;
    readonly subgroups: boolean;
  },
): RunOrder {
  return {
    filter: o.suites ? o.filter.trim() : null,
    benchmark: o.benchmark,
    subgroups: o.subgroups ? "auto" : "off",
  };
}
