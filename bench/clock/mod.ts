/**
 * Where the time of a step comes from: the model, a GPU, and the rest of a layer around attention.
 *
 * @module
 */

export { createAdapterClock, isAdapterClock } from "./adapter_clock.ts";
export { type AdapterRunner, openAdapterRunner, type RunnerOptions } from "./adapter_runner.ts";
export type { ProtocolCost } from "./protocol_cost.ts";
export { createGpuClock } from "./gpu_clock.ts";
export { createCalibratedClock, createCalibratedRest } from "./calibrated_clock.ts";
export { createModelClock } from "./model_clock.ts";
export * from "./record_batches.ts";
export { judgeRow, type RowContext, type RowJudge, type SampledRow } from "./sampled_rows.ts";
export { placementOfWorkload, servedModelOf, servedWorkload } from "./served_workload.ts";
export { describeRestOfLayer, type RestOfLayer, restOfLayer } from "./rest_of_layer.ts";
export { createTableClock, isTableClock } from "./table_clock.ts";
export * from "./time_table.ts";
export type { MeasuredCeilings, StepBatch, StepCheck, StepClock, StepTimes } from "./step_clock.ts";
