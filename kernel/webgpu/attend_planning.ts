/** How the batches of an attention stage are planned, by its tuning and its adapter. */

import type { AttendSpecialisation, AttendTuning } from "./program.ts";
import type { PlanOptions } from "./plan_tiles.ts";
import type { Gpu } from "./gpu.ts";
import { rowSizesOf, shortTuningOf } from "./row_sizes.ts";
import { countsSplits, defaultTuning, mergesInsideOf } from "./specialisation.ts";

/** How a stage's batches are planned: which sizes items have, and how many of them fill the device. */
export function planningOf(
  stage: {
    readonly gpu: Gpu;
    readonly options: {
      readonly specialisation: Omit<AttendSpecialisation, "rows">;
      readonly tuning?: AttendTuning;
    };
  },
): Pick<
  PlanOptions,
  "rowSizes" | "parallelItems" | "subgroups" | "short" | "mergesInside"
> {
  const { specialisation } = stage.options;
  const { target } = stage.gpu;
  const tuning = stage.options.tuning ?? defaultTuning(target, specialisation);
  const rowSizes = rowSizesOf(specialisation, { target, tuning });
  const hasMatrices = Number.isFinite(rowSizes.leastMatrixRows);
  return {
    rowSizes,
    subgroups: tuning.subgroups,
    // Where matrices take a few rows, they take them in any step.
    ...(tuning.short === undefined || target.subgroupSize === 0 || hasMatrices ? {} : {
      short: {
        rowSizes: rowSizesOf(specialisation, { target, tuning: shortTuningOf(tuning) }),
        subgroups: tuning.short.subgroups,
        parallelItems: Math.floor(tuning.parallelItems * tuning.subgroups / tuning.short.subgroups),
        mergesInside: tuning.short.mergesInside && countsSplits(target),
      },
    }),
    mergesInside: mergesInsideOf({ rows: 1 }, { target, tuning }),
    parallelItems: tuning.parallelItems,
  };
}

/** The device as one whose programs count nothing. */
export function withoutCounters(gpu: Gpu): Gpu {
  return { ...gpu, target: { ...gpu.target, isCoherent: false } };
}
