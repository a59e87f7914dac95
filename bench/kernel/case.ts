/** Cases of the kernel benchmark: one attention step each, with what it is built to show. */

import type { Stored } from "../../fixtures/mod.ts";
import type { goalSchema, shapeSchema, storedCaseSchema } from "./case_schema.ts";

/** One attention step to time. */
export type KernelCase = Stored<typeof storedCaseSchema>;
/** A named list of cases. */
export type KernelCaseSet = KernelCase["set"];
/** Heads and pages of a case. */
export type KernelCaseShape = Stored<typeof shapeSchema>;
/** Requests of one kind in the step. */
export type KernelCaseRequests = KernelCase["requests"][number];
/** Heads that see a window. */
export type KernelCaseWindows = NonNullable<KernelCase["windows"]>;
/** What a case is built to show. */
export type KernelGoal = Stored<typeof goalSchema>;
/** Another implementation that can be timed on the same shapes. */
export type PeerName = KernelCase["peers"][number];
