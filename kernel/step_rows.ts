import type { BlockTable } from "../allocator/mod.ts";

/**
 * The rows of one step: what every slot computes, and the table that it is computed through. The
 * scheduler writes them, clocks count and time them, and a kernel runs them; B is the number of
 * slots.
 */
export interface StepRows {
  /** Table that the step reads and writes through. */
  readonly table: BlockTable;
  /** [B] new tokens of each slot, 0 for idle slots. */
  readonly queryLengths: Int32Array;
  /** [B] tokens of each slot that were in the cache before the step. */
  readonly cachedLengths: Int32Array;
}

/** One layer group's rows of a step. */
export interface GroupRows extends StepRows {
  /** Layer group whose rows are used. */
  readonly group: number;
}
