/** The clocks that compute a side's steps: plain data in, so that any thread can open one. */

import { type HeadMap, shardHeadMap } from "../../allocator/mod.ts";
import type { Workload } from "../../fixtures/mod.ts";
import type { CostModel } from "../card/mod.ts";
import {
  createCalibratedClock,
  createCalibratedRest,
  createModelClock,
  createTableClock,
  type RestOfLayer,
  restOfLayer,
  type StepClock,
  type TimeTable,
} from "../clock/mod.ts";
import type { ResultCeilings, Side } from "../result/mod.ts";
import { findMeasuredRank } from "../scheduler/mod.ts";

/** What steps are costed by. */
export interface StepCosts {
  /** Ceilings of the machine. */
  readonly ceilings: ResultCeilings;
  /** Costs on a card's profile, or null where ceilings are divided by. */
  readonly cost: CostModel | null;
}

/** What a clock that computes is made from. */
export interface SideClockOptions extends StepCosts {
  /** Model, cache and ranks. */
  readonly workload: Workload;
  /** Layout and walk. */
  readonly side: Side;
  /** Times of attention, or null where they are modelled. */
  readonly table: TimeTable | null;
}

/** Head map of the rank that is measured. */
export function measuredHeads(
  { headMap, tensorParallel }: Workload,
): { readonly rank: number; readonly heads: HeadMap } {
  const rank = findMeasuredRank(headMap, tensorParallel);
  return { rank, heads: shardHeadMap(headMap, { tensorParallel, rank }) };
}

/** Cost of everything but attention. */
export function restOf(workload: Workload, { ceilings, cost }: StepCosts): RestOfLayer {
  const rest = restOfLayer(workload, ceilings);
  return cost === null ? rest : { ...rest, measuredMs: createCalibratedRest(cost) };
}

/** Opens the clock. */
export function openSideClock(o: SideClockOptions): StepClock {
  const { workload, side, table, cost } = o;
  const { heads } = measuredHeads(workload);
  const rest = restOf(workload, o);
  if (table !== null) return createTableClock({ table, workload, heads, side, rest });
  return cost === null
    ? createModelClock({ workload, heads, side, rest })
    : createCalibratedClock({ workload, heads, side, cost });
}
