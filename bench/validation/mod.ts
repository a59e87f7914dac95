/**
 * Published results of serving engines beside what the calibrated clock says of them.
 *
 * @module
 */

export {
  compareWithRecord,
  type ErrorRecord,
  recordOf,
  VALIDATED_ERRORS,
  validatedError,
} from "./record.ts";
export type { MetricError, ValidatedMetric } from "./errors.ts";
export { type PublishedData, readPublished } from "./read.ts";
export { simulate, type SimulateOptions } from "./simulate.ts";
export {
  classErrors,
  type GroupFit,
  type PairOutcome,
  validate,
  type ValidatedRow,
  type Validation,
} from "./validate.ts";
