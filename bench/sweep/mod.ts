/**
 * One workload over a grid of settings, in shards that merge.
 *
 * @module
 */

export * from "./compared.ts";
export { createSweepHeader, mergeSweeps, parseSweep, serializeSweep } from "./file.ts";
export {
  listPoints,
  type NumberedPoint,
  type SweepAxes,
  type SweepPoint,
  type SweepShard,
} from "./grid.ts";
export { runSweep, type SweepClock, type SweepOptions } from "./run.ts";
export {
  type Sweep,
  type SweepHeader,
  type SweepIdentity,
  type SweepRow,
  type SweepSide,
} from "./types.ts";
