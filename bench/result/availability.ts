import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";

/** Every reading of the share of free pages, the right one first. */
export const AVAILABILITY_READINGS = [
  "pools",
  "emptied-list",
  "integer-division",
  "mixed-units",
] as const;

/** A reading of the share of free pages. */
export const availability = z.enum(AVAILABILITY_READINGS);

/**
 * How the share of free pages is read. `pools` is right; the others really happened: the legacy
 * free list, empty once heads have pools of their own; free over total in whole numbers; held pages
 * of heads counted against pages of all heads.
 */
export type AvailabilityReading = Stored<typeof availability>;
