/**
 * How the share of free pages is read. `pools` is right; the others really happened: the legacy
 * free list, empty once heads have pools of their own; free over total in whole numbers; held pages
 * of heads counted against pages of all heads.
 */
export type AvailabilityReading = "pools" | "emptied-list" | "integer-division" | "mixed-units";

/** Every reading, the right one first. */
export const AVAILABILITY_READINGS: readonly AvailabilityReading[] = [
  "pools",
  "emptied-list",
  "integer-division",
  "mixed-units",
];
