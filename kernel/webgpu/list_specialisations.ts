/** The specialisation table, listed. */

import type { Layout } from "../../allocator/mod.ts";
import type { StorageType } from "../storage_type.ts";
import { itemRowsOf } from "./item_rows.ts";
import type { ProgramTarget } from "./program.ts";
import { attendProgramName } from "./specialisation.ts";

/** Values that each constant of an attention program takes in the listing. */
export const SPECIALISATION_AXES = {
  group: [1, 2, 4, 5, 6, 7, 8, 12, 16],
  headSize: [64, 128, 256],
  pageSizeTokens: [16, 32, 64, 128, 256],
  storage: ["bf16", "f16"],
  layout: ["uniform", "headwise", "pooled"],
  subgroupSize: [0, 4, 8, 32],
} as const;

/**
 * Names of the attention programs for decode rows over the axes. Programs are generated when a
 * batch first asks for them; other groups, head counts and mask kinds are generated alike.
 *
 * @param o Restricts axes; `kvHeads` fills in the one constant that models set freely.
 * @returns Names, in the order of the axes.
 *
 * @example
 * ```ts
 * import { listSpecialisations } from "@headwise/headwise/kernel";
 * import assert from "node:assert/strict";
 *
 * const names = listSpecialisations({ group: 5, headSize: 128, pageSizeTokens: 64, storage: "bf16" });
 * assert.equal(names.length, 3 * 4);
 * ```
 */
export function listSpecialisations(o: {
  readonly group?: number;
  readonly headSize?: number;
  readonly pageSizeTokens?: number;
  readonly storage?: StorageType;
  readonly layout?: Layout;
  readonly subgroupSize?: number;
  readonly kvHeads?: number;
} = {}): string[] {
  const axis = <T>(chosen: T | undefined, all: readonly T[]): readonly T[] =>
    chosen === undefined ? all : [chosen];
  const kvHeads = o.kvHeads ?? 4;
  const names: string[] = [];
  for (const group of axis<number>(o.group, SPECIALISATION_AXES.group)) {
    for (const headSize of axis<number>(o.headSize, SPECIALISATION_AXES.headSize)) {
      for (const page of axis<number>(o.pageSizeTokens, SPECIALISATION_AXES.pageSizeTokens)) {
        for (const storage of axis<StorageType>(o.storage, SPECIALISATION_AXES.storage)) {
          for (const layout of axis<Layout>(o.layout, SPECIALISATION_AXES.layout)) {
            for (const size of axis<number>(o.subgroupSize, SPECIALISATION_AXES.subgroupSize)) {
              const target: ProgramTarget = {
                subgroupSize: size,
                dialect: "naga",
                isCompact: false,
              };
              names.push(attendProgramName({
                queryHeads: kvHeads * group,
                kvHeads,
                headSize,
                pageSizeTokens: page,
                storage,
                layout,
                bindings: 1,
                rows: itemRowsOf(group),
                maskRanges: false,
                treeMask: false,
                learnedSinks: false,
                logSumExp: false,
              }, { target }));
            }
          }
        }
      }
    }
  }
  return names;
}
