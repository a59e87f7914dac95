/** Requests served by an engine on a card's costs: the simulation, and the latencies that it gives. */

import { type CostModel, createStepCost, type EngineOverhead, engineStepMs } from "../card/mod.ts";
import { simulate, type SimulateOptions } from "./simulate.ts";

/** What requests are served with. */
export interface ServeRequestsOptions extends Omit<SimulateOptions, "admitMs" | "stepMs"> {
  /** Costs of the kernels of a step. */
  readonly cost: CostModel;
  /** What the engine adds to them. */
  readonly overhead: EngineOverhead;
  /** Factor on every duration, of steps and of requests. @default {1} */
  readonly timeFactor?: number;
}

/**
 * Serves all requests to their ends.
 *
 * @throws {BenchError} When a request does not fit into the cache although it is alone.
 */
export function serveRequests(o: ServeRequestsOptions) {
  const { requests, overhead, timeFactor = 1 } = o;
  const stepCost = createStepCost(o.cost);
  const layers = o.cost.model.layers.reduce((sum, { count }) => sum + count, 0);
  const times = simulate({
    ...o,
    admitMs: overhead.admitMs * timeFactor,
    stepMs: ({ prompts, contexts, sampledRows }) => {
      let tokens = contexts.length;
      for (const { query } of prompts) tokens += query;
      const kernels = stepCost({
        prompts,
        decodeRows: contexts.length,
        decodeTokens: (window) => visibleTokens(contexts, window),
        sampledRows,
      });
      return timeFactor * engineStepMs(overhead, {
        kernelsMs: kernels.attentionMs + kernels.restMs,
        tokens,
        rows: contexts.length + prompts.length,
        layers,
      });
    },
  });
  const requestMs = overhead.requestMs * timeFactor;
  /** Time to the first token of each request, in milliseconds. */
  const ttftMs = requests.map((_, id) => times.firstMs[id] - times.sentMs[id] + requestMs);
  /** Time of one output token after the first, of each request with more than one. */
  const tpotMs = requests.flatMap(({ outputTokens }, id) =>
    outputTokens > 1 ? [(times.lastMs[id] - times.firstMs[id]) / (outputTokens - 1)] : []
  );
  const tokens = requests.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
  const endMs = times.lastMs.reduce((latest, lastMs) => Math.max(latest, lastMs), 0);
  /** Output tokens of all requests over the whole time. */
  const outputTokensPerSecond = tokens / (endMs + requestMs) * 1000;
  return { times, ttftMs, tpotMs, outputTokensPerSecond };
}

/** Mean of values, or NaN of none. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function visibleTokens(contexts: readonly number[], window: number | null): number {
  let sum = 0;
  if (window === null) { for (const context of contexts) sum += context; }
  else for (const context of contexts) sum += Math.min(context, window);
  return sum;
}
