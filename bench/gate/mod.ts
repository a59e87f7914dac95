/**
 * Verdicts on run pairs: reading, capacity, and what both predict.
 *
 * @module
 */

export { gateCapacity } from "./capacity.ts";
export { predictCapacity, type PredictionOptions } from "./capacity_prediction.ts";
export { samplesOf } from "./comparable.ts";
export * from "./compare_results.ts";
export { predictConcurrency } from "./concurrency_prediction.ts";
export { describeFewPairs } from "./hold_back.ts";
export * from "./metrics.ts";
export { allowRegression, gateRead } from "./read.ts";
