/**
 * One workload over a grid of settings, in shards that merge.
 *
 * @module
 */

export * from "./compared.ts";
export { createSweepHeader, mergeSweeps, parseSweep, serializeSweep } from "./file.ts";
export { listPoints, type NumberedPoint, type SweepShard } from "./grid.ts";
export { runSweep, type SweepClock, type SweepOptions } from "./run.ts";
export {
  type Sweep,
  type SweepAxes,
  type SweepHeader,
  type SweepIdentity,
  type SweepPoint,
  type SweepRow,
  type SweepSide,
} from "./types.ts";
