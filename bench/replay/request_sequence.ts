import type { TraceRequest } from "../../fixtures/mod.ts";

/** Requests by their index: an array, or what makes them one by one. */
export interface RequestSequence {
  readonly length: number;
  /** The request at an index; requests are in arrival order. */
  readonly at: (index: number) => TraceRequest | undefined;
}
