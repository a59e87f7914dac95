/**
 * Which GPU and which clock a command measures with, and the tuning kept for it.
 *
 * @module
 */

export { chooseClock } from "./choose_clock.ts";
export type { ChosenClock } from "./chosen_clock.ts";
export { MissingDevice } from "./missing_device.ts";
export { openProvider } from "./provider.ts";
export {
  cacheFolder,
  cacheFolderOf,
  readTunings,
  type StoredTunings,
  storeTunings,
} from "./tuning_cache.ts";
export { describeProvenance, describeReportEnvironment } from "./provenance.ts";
