/**
 * Where the time of a step comes from: the model, a GPU, and the rest of a layer around attention.
 *
 * @module
 */

export { createGpuClock, type GpuClockOptions } from "./gpu_clock.ts";
export { createModelClock } from "./model_clock.ts";
export { describeRestOfLayer, type RestOfLayer, restOfLayer } from "./rest_of_layer.ts";
export type { MeasuredCeilings, StepBatch, StepCheck, StepClock, StepTimes } from "./step_clock.ts";
