/** What each metric means, in words that travel with every result. */

/** Formulas of the metrics, by name. */
export const METRIC_FORMULAS: Readonly<Record<string, string>> = {
  ttftMs: "end of the step that gave the first token − scheduled arrival; queueing is included",
  queueMs: "start of the first step with the request in it − scheduled arrival",
  ttftWithoutQueueMs: "TTFT − queueing",
  tbtMs:
    "gap between the ends of two steps that gave a request tokens, divided by the tokens that " +
    "the later one gave and counted once for each of them; pooled over all tokens but each " +
    "request's first; preemption and re-prefill are included",
  tpotMs:
    "(last token − first token) / (output tokens − 1), a value for each request of at least " +
    "two tokens",
  endToEndMs: "end of the step that gave the last token − scheduled arrival",
  attentionOnly: "milliseconds of the same spans that passed inside attention; inside a step " +
    "attention is taken to pass evenly",
  durationMs: "end of the last step − first scheduled arrival",
  requestsPerSecond: "completed requests / duration",
  outputTokensPerSecond: "output tokens of completed requests / duration",
  totalTokensPerSecond: "input and output tokens of completed requests / duration",
  meanConcurrency: "Σ running requests · step time / Σ step time",
  memoryBoundConcurrency: "the same over the steps in which a request waited because pages were " +
    "short; ramp and tail are left out",
  percentiles: "linear interpolation between order statistics at (n − 1)·q; p99.9 only from 1000 " +
    "values on; null, never 0, where nothing was measured",
};
