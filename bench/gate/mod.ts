/**
 * Verdicts on run pairs: reading, capacity, and what both predict.
 *
 * @module
 */

export { gateCapacity } from "./capacity.ts";
export { predictCapacity, type PredictionOptions } from "./capacity_prediction.ts";
export { samplesOf } from "./comparable.ts";
export {
  type CompareOptions,
  compareResults,
  judgeRegression,
  type RegressionOptions,
} from "./compare_results.ts";
export { predictConcurrency } from "./concurrency_prediction.ts";
export {
  CAPACITY_THRESHOLD,
  DEFAULT_MAX_REGRESSION,
  GATE_METRICS,
  latency,
  MAX_OUTPUT_DIFFERENCE,
  type MetricFacts,
  outputsDiffer,
  READ_THRESHOLD,
} from "./metrics.ts";
export { allowRegression, gateRead } from "./read.ts";
