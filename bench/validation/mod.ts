/**
 * Published results of serving engines beside what the calibrated clock says of them.
 *
 * @module
 */

export * from "./record.ts";
export type { ErrorSummary, MetricError, RowClasses, ValidatedMetric } from "./errors.ts";
export { type FactorName, type Fit, fitFactors, type FitRow, parseFit } from "./fit.ts";
export { fitRowsOf } from "./fit_rows.ts";
export { type PublishedData, readPublished } from "./read.ts";

export {
  classErrors,
  type GroupFit,
  type PairOutcome,
  validate,
  type ValidatedRow,
  type Validation,
} from "./validate.ts";
export type { Prediction } from "./predict_row.ts";
