/** How lanes share keys and elements in the vector kernels; the letters are those of the shaders' headers. */

import { BLOCK_ELEMENTS, type QuantisedFormat } from "../quantised/quantised_format.ts";
import { CODE_FORMATS } from "../quantised/code_type.ts";
import { cacheConstants } from "./cache_sides.ts";
import type { AttendSpecialisation, AttendTuning } from "./program.ts";
import type { TemplateConstants } from "./template.ts";

/** Lanes of a workgroup where subgroups are not used. */
const PORTABLE_LANES = 64;

/** Elements of 16-bit caches in the 16 bytes that a lane loads at a time. */
const C16_ELEMENTS = 8;

/** Queries are kept in registers where a lane has so few of them, of all rows. */
const MAX_QUERY_REGISTERS = 64;

/** Of 16-bit keys, which need more registers themselves. */
const MAX_C16_QUERY_REGISTERS = 48;

/** The same of queries in two bytes an element, in words. */
const MAX_DIGIT_REGISTERS = 80;

/** Of 16-bit keys only where this many lanes share one: fewer need the registers for keys. */
const REGISTER_LANES = 16;

/** Outputs that a lane holds in registers, of all rows, where it has a choice of value chunks. */
const MAX_OUTPUT_REGISTERS = 48;

/** Elements of a value that a lane has at most. */
const MAX_VALUE_ELEMENTS = 16;

/** Constants of a vector program that a workgroup of `WORKGROUP` lanes runs. */
export type LaneConstants<Name extends string> =
  & Record<Name | "WORKGROUP", number>
  & TemplateConstants;

/** What decides the subgroup kernel's lanes besides its specialisation. */
export interface LaneOptions {
  /** Lanes of a subgroup. */
  readonly subgroupSize: number;
  /** The tuning. */
  readonly tuning: AttendTuning;
  /** Whether WGSL has products of packed 8-bit integers. */
  readonly hasPackedProducts: boolean;
}

/** Whether keys of a format are multiplied as the whole numbers that they are. */
export function multipliesCodes(
  format: QuantisedFormat | undefined,
  o: { readonly hasPackedProducts?: boolean; readonly subgroupSize: number },
): boolean {
  return o.hasPackedProducts === true && o.subgroupSize > 0 &&
    (format?.codes === "int8" || format?.codes === "int4");
}

/** Constants of the kernel without subgroups. */
export function portableMapping({ headSize }: AttendSpecialisation): LaneConstants<"T"> {
  const words = headSize / C16_ELEMENTS;
  const lanesOfValue = Math.min(words, PORTABLE_LANES);
  const keyGroups = PORTABLE_LANES / lanesOfValue;
  return {
    SUBGROUPS: false,
    T: PORTABLE_LANES,
    WALKERS: 1,
    WORKGROUP: PORTABLE_LANES,
    STATES: keyGroups,
    LK: 1,
    J: 1,
    PV_UNROLL: 1,
    LANES_V: lanesOfValue,
    C: words / lanesOfValue,
    KI: keyGroups,
  };
}

/**
 * Constants of the kernel over subgroups.
 *
 * @param s What is generated.
 * @param o Lanes and tuning, which is fitted to head size and page.
 */
export function subgroupMapping(
  s: AttendSpecialisation,
  o: LaneOptions,
): LaneConstants<
  | "T"
  | "WALKERS"
  | "LK"
  | "J"
  | "LANES_V"
  | "C"
  | "PV_UNROLL"
  | "KEY_DIGITS"
  | "VALUES_AHEAD"
> {
  const { subgroupSize, tuning } = o;
  const { rows, headSize, pageSizeTokens } = s;
  // All keys of a tile lie in one page.
  const fewestLanes = Math.ceil(subgroupSize / pageSizeTokens);
  const mostLanes = headSize / leastElements(s.keyFormat);
  const lanesPerKey = Math.max(
    fewestLanes,
    Math.min(tuning.lanesPerKey, subgroupSize, mostLanes),
  );
  // Keys of codes take half of the registers: twice as many share a read of the query.
  const keysPerGroup = Math.min(
    s.keyFormat === undefined ? tuning.keysPerGroup : 2 * tuning.keysPerGroup,
    lanesPerKey,
    pageSizeTokens * lanesPerKey / subgroupSize,
  );
  const tile = subgroupSize / lanesPerKey * keysPerGroup;
  const keys = Math.min(mostElements(s.keyFormat), headSize / lanesPerKey);
  const fittingOutputs = rows * MAX_VALUE_ELEMENTS > MAX_OUTPUT_REGISTERS
    ? C16_ELEMENTS
    : MAX_VALUE_ELEMENTS;
  // A step covers no more keys than a tile has.
  const values = Math.max(
    leastElements(s.valueFormat),
    Math.min(mostElements(s.valueFormat), fittingOutputs, tile * headSize / subgroupSize),
  );
  // Nor fewer lanes share a value than leave a step the keys of a tile.
  const fixedQuery = tuning.fixedQuery !== false && multipliesCodes(s.keyFormat, o);
  const queryElements = rows * headSize / lanesPerKey;
  const lanesOfValue = Math.max(
    Math.ceil(subgroupSize / tile),
    Math.min(headSize / values, subgroupSize),
  );
  const keysPerStep = subgroupSize / lanesOfValue;
  const steps = tile / keysPerStep;
  return {
    ...cacheConstants(s, { keys, values }),
    SUBGROUPS: true,
    T: subgroupSize,
    WALKERS: tuning.subgroups,
    WORKGROUP: subgroupSize * tuning.subgroups,
    STATES: tuning.subgroups,
    LK: lanesPerKey,
    LOG2LK: Math.log2(lanesPerKey),
    J: keysPerGroup,
    KC: headSize / keys / lanesPerKey,
    KQ: keys / 4,
    KEY_DIGITS: Number(fixedQuery),
    QUERY_REGISTERS: fixedQuery
      ? queryElements / 2 <= MAX_DIGIT_REGISTERS
      : s.keyFormat !== undefined
      ? queryElements <= MAX_QUERY_REGISTERS
      : lanesPerKey >= REGISTER_LANES && queryElements <= MAX_C16_QUERY_REGISTERS,
    TILE: tile,
    LANES_V: lanesOfValue,
    C: headSize / values / lanesOfValue,
    VQ: values / 4,
    KI: keysPerStep,
    LOG2KI: Math.log2(keysPerStep),
    PV_STEPS: steps,
    VALUES_AHEAD: Number(tuning.valuesAhead === true && steps <= tuning.valuesInFlight),
    PV_UNROLL: Math.min(tuning.valuesInFlight, steps),
  };
}

/** Fewest elements that are loaded at a time: a block has one scale. */
export function leastElements(format: QuantisedFormat | undefined): number {
  return format?.granularity === "block" ? BLOCK_ELEMENTS : C16_ELEMENTS;
}

/** Elements in 16 bytes. */
export function mostElements(format: QuantisedFormat | undefined): number {
  return format === undefined ? C16_ELEMENTS : 128 / CODE_FORMATS[format.codes].bits;
}
