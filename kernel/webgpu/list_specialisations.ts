/** The specialisation table, listed. */

import type { Layout } from "../../allocator/mod.ts";
import type { StorageType } from "../storage_type.ts";
import { parseFormat } from "../quantised/quantised_format.ts";
import { itemRowsOf } from "./item_rows.ts";
import { rowSizesOf } from "./row_sizes.ts";
import type { ProgramTarget } from "./program.ts";
import { attendProgramName } from "./specialisation.ts";

/** Values that each constant of an attention program takes in the listing. */
export const SPECIALISATION_AXES = {
  group: [1, 2, 4, 5, 6, 7, 8, 12, 16],
  headSize: [64, 128, 256],
  pageSizeTokens: [16, 32, 64, 128, 256],
  storage: ["bf16", "f16"],
  cache: [
    "c16",
    "int8:token:f32",
    "fp8_e4m3:head:f32",
    "int4:channel:bf16",
    "fp4_e2m1:block:fp8_e4m3",
  ],
  layout: ["uniform", "headwise", "pooled"],
  subgroupSize: [0, 4, 8, 32],
} as const;

/**
 * Names of the attention programs for decode rows over the axes. Programs are generated when a
 * batch first asks for them; other groups, head counts, mask
 * kinds and formats of quantised caches, keys and values apart, are generated alike.
 *
 * @param o Restricts axes; `kvHeads` fills in the one constant that models set freely.
 */
export function listSpecialisations(o: {
  readonly group?: number;
  readonly headSize?: number;
  readonly pageSizeTokens?: number;
  readonly storage?: StorageType;
  readonly cache?: string;
  readonly layout?: Layout;
  readonly subgroupSize?: number;
  readonly kvHeads?: number;
} = {}): string[] {
  const kvHeads = o.kvHeads ?? 4;
  const names: string[] = [];
  for (const choice of combinations(o)) {
    const { group, subgroupSize, cache, ...sizes } = choice;
    const format = parseFormat(cache);
    if (format === null && cache !== "c16") {
      throw new RangeError(
        `Cannot list programs of cache "${cache}": use c16 or a format such as int8:token:f32`,
      );
    }
    const target: ProgramTarget = {
      subgroupSize,
      dialect: "naga",
      isCompact: false,
      hasPackedProducts: true,
    };
    const shape = {
      ...sizes,
      ...(format === null ? {} : { keyFormat: format, valueFormat: format }),
      queryHeads: kvHeads * group,
      kvHeads,
    };
    names.push(attendProgramName({
      ...shape,
      bindings: 1,
      rows: itemRowsOf(group, rowSizesOf(shape, { target })),
      maskRanges: false,
      treeMask: false,
      learnedSinks: false,
      logSumExp: false,
    }, { target }));
  }
  return names;
}

/** One value of each axis. */
interface Choice {
  readonly group: number;
  readonly headSize: number;
  readonly pageSizeTokens: number;
  readonly storage: StorageType;
  readonly cache: string;
  readonly layout: Layout;
  readonly subgroupSize: number;
}

/** Every combination of the axes' values, or of the ones that were chosen; the last axis varies first. */
function combinations(chosen: Partial<Choice>): Choice[] {
  let found: Record<string, string | number>[] = [{}];
  for (const [name, all] of Object.entries(SPECIALISATION_AXES)) {
    const own = chosen[name as keyof Choice];
    const values: readonly (string | number)[] = own === undefined ? all : [own];
    found = found.flatMap((partial) => values.map((value) => ({ ...partial, [name]: value })));
  }
  return found as unknown as Choice[];
}
