/**
 * How the matrix kernel falls onto subgroups, and when it is used.
 *
 * WGSL has no matrices of bf16, and turning bf16 into f16 would lose its range: such caches stay with
 * the tile kernel, whose name in a program's name says so.
 */

import { type Arithmetic, parseArithmetic } from "../arithmetic.ts";
import type { Gpu } from "./gpu.ts";
import { cacheConstants, hasCodes } from "./cache_sides.ts";
import type { QuantisedFormat } from "../quantised/quantised_format.ts";
import { leastElements, mostElements, multipliesCodes } from "./lane_mapping.ts";
import { itemRowsOf, leastMatrixRowsOf, MATRIX_ROWS, TILE_ROWS } from "./item_rows.ts";
import type { AttendSpecialisation, AttendTuning, MatrixTuning, ProgramTarget } from "./program.ts";
import type { StorageType } from "../storage_type.ts";
import type { TemplateConstants } from "./template.ts";

/** Every choice, in the order in which a search tries them. */
export const MATRIX_TUNINGS: readonly MatrixTuning[] = [
  { rowFragments: 1, tileKeys: 16 },
  { rowFragments: 1, tileKeys: 32 },
  { rowFragments: 2, tileKeys: 16 },
  { rowFragments: 2, tileKeys: 32 },
];

/** What decides the constants of a matrix program. */
type MatrixShape = Pick<AttendSpecialisation, "rows" | "headSize" | "keyFormat" | "valueFormat">;

/** Whether the matrix kernel attends items of this kind. */
export function usesMatrices(
  s: MatrixShape & Pick<AttendSpecialisation, "storage">,
  target: ProgramTarget,
): boolean {
  const { matrix } = target;
  return matrix !== undefined && s.storage === "f16" &&
    (!hasCodes(s) || (matrix.codes !== false && fitsHalves(s))) &&
    (s.rows === MATRIX_ROWS || s.rows === TILE_ROWS) &&
    chooseMatrixTuning(s, { target }) !== null;
}

/**
 * Whether f16 hold the codes of both sides exactly and their scales can be applied to sums: those of
 * channels of keys, or of tokens, would have to be multiplied into operands, which would round them.
 */
function fitsHalves({ keyFormat, valueFormat }: MatrixShape): boolean {
  const fits = (format: QuantisedFormat | undefined, granularities: string): boolean =>
    format === undefined ||
    (format.codes !== "int4" && granularities.includes(format.granularity));
  return fits(keyFormat, "tensor head block") && fits(valueFormat, "tensor head channel block");
}

/**
 * Whether a few rows of decode are an item of matrices: of f16 caches, where the adapter has them.
 *
 * @returns True where items of {@linkcode MATRIX_ROWS} rows have a program.
 */
export function hasMatrixRows(
  s: Pick<AttendSpecialisation, "headSize" | "storage" | "keyFormat" | "valueFormat">,
  target: ProgramTarget,
): boolean {
  return usesMatrices({ ...s, rows: MATRIX_ROWS }, target);
}

/** Fewest rows that are an item of matrices; infinite where none are. */
export function leastMatrixRows(
  s: Parameters<typeof hasMatrixRows>[0],
  target: ProgramTarget,
): number {
  return hasMatrixRows(s, target)
    ? target.matrix!.leastRows ?? leastMatrixRowsOf(s.headSize)
    : Infinity;
}

/** The device as one whose matrices multiply as few rows, and the caches, that a tuning asks for. */
export function withTunedMatrices(gpu: Gpu, tuning: AttendTuning | null | undefined): Gpu {
  const { matrix } = gpu.target;
  const { leastRows = matrix?.leastRows, codes = matrix?.codes } = tuning?.matrix ?? {};
  if (matrix === undefined || (leastRows === matrix.leastRows && codes === matrix.codes)) {
    return gpu;
  }
  const wanted = {
    ...matrix,
    ...(leastRows === undefined ? {} : { leastRows }),
    ...(codes === undefined ? {} : { codes }),
  };
  return { ...gpu, target: { ...gpu.target, matrix: wanted } };
}

/** What multiplies the rows of a slot: float32 units, or matrices of f16 that add up in float32. */
export type Multiplier = "f32" | "matrix";

/** A slot of a problem, as far as it decides which program attends it. */
export interface SlotKind {
  /** Heads and storage type. */
  readonly shape: Pick<
    AttendSpecialisation,
    "queryHeads" | "kvHeads" | "headSize" | "storage" | "keyFormat" | "valueFormat"
  >;
  /** Tokens of the slot in this step. */
  readonly queryTokens: number;
  /** A tuning other than the default. */
  readonly tuning?: Pick<AttendTuning, "fixedQuery">;
}

/** What multiplies the rows of a slot. */
export function multiplierOf(target: ProgramTarget, o: SlotKind): Multiplier {
  const rows = tallestItem(target, o);
  return usesMatrices({ ...o.shape, rows }, target) ? "matrix" : "f32";
}

/** Rows of a slot's items. */
function tallestItem(target: ProgramTarget, o: SlotKind): number {
  const { queryHeads, kvHeads } = o.shape;
  return itemRowsOf(o.queryTokens * queryHeads / kvHeads, {
    leastMatrixRows: leastMatrixRows(o.shape, target),
  });
}

/**
 * The programs' declarations. Weights over bf16 are kept small, so that sums of the largest values stay
 * in float32's range. A matrix program stores weights times 2^11 in f16, as either neighbour (WGSL
 * leaves it open), and adds up the denominator from weights that were not rounded.
 */
const VECTOR: Readonly<Record<StorageType, Partial<Arithmetic>>> = {
  bf16: { weightScale: 2 ** -32, rescaleThreshold: 8 },
  f16: { rescaleThreshold: 8 },
};
const MATRIX = parseArithmetic({
  sums: "matrix",
  weights: "f16",
  weightRounding: "either",
  weightScale: 2 ** 11,
  rescaleThreshold: 4,
});

/** How the rows of a slot are computed, which decides their error bound. */
export function arithmeticOf(target: ProgramTarget, o: SlotKind): Arithmetic {
  const rows = tallestItem(target, o);
  if (usesMatrices({ ...o.shape, rows }, target)) return MATRIX;
  const { storage, keyFormat } = o.shape;
  const isFixed = rows !== TILE_ROWS && o.tuning?.fixedQuery !== false &&
    multipliesCodes(keyFormat, target);
  return parseArithmetic({ ...VECTOR[storage], ...(isFixed ? { query: "fixed16" } : {}) });
}

/** Letters of `attend_matrix.wgsl`. */
export type MatrixConstants =
  & Record<
    "WORKGROUP" | "TILE_WORDS" | "S" | "U" | "RF" | "KT" | "KEY_ELEMENTS" | "VALUE_ELEMENTS",
    number
  >
  & TemplateConstants;

/**
 * Sizes of the matrix kernel's parts for one tuning.
 *
 * @returns The constants, or null where the tuning does not fit the adapter or the head size.
 */
export function matrixMapping(
  s: MatrixShape,
  o: { readonly target: ProgramTarget; readonly tuning: MatrixTuning },
): MatrixConstants | null {
  const { matrix, subgroupSize } = o.target;
  const { tuning } = o;
  const { rowFragments, tileKeys } = tuning;
  if (matrix === undefined || subgroupSize === 0) return null;
  const unit = matrix.size;
  const rowsOfSubgroup = rowFragments * unit;
  const lanes = s.rows / rowsOfSubgroup * subgroupSize;
  const words = s.headSize / 8;
  const keyWords = tileKeys * (words + 1);
  const scoreStride = tileKeys / 4 + 1;
  const areaWords = s.rows * scoreStride;
  const otherBytes = 4 * 2 * 4 * tileKeys + 8 * s.rows + 32;
  const tileWords = 2 * keyWords + areaWords;
  const lanesOfRow = Math.max(1, subgroupSize / rowsOfSubgroup);
  const subgroups = s.rows / rowsOfSubgroup;
  const elementsOfLane = tileKeys * s.headSize / lanes;
  const [keys, values] = [s.keyFormat, s.valueFormat].map((format) =>
    Math.min(mostElements(format), Math.max(leastElements(format), elementsOfLane))
  );
  const loads = elementsOfLane / Math.min(keys, values);
  const fits = Number.isInteger(subgroups) &&
    tileWords * 16 + otherBytes <= matrix.workgroupBytes && lanesOfRow <= 2 &&
    lanes <= MOST_LANES && elementsOfLane % Math.max(keys, values) === 0 && loads <= MOST_LOADS;
  if (!fits) return null;
  return {
    SUBGROUPS: true,
    MATRIX: true,
    WORKGROUP: lanes,
    LANES: lanes,
    U: unit,
    S: subgroupSize,
    RF: rowFragments,
    ROWS: s.rows,
    KT: tileKeys,
    KU: tileKeys / unit,
    CD: s.headSize / unit,
    LPR: lanesOfRow,
    RPL: Math.max(1, rowsOfSubgroup / subgroupSize),
    PART: tileKeys / lanesOfRow / 4,
    QF: Math.min(s.headSize, 2 * tileKeys) / unit,
    KEY_ELEMENTS: keys,
    VALUE_ELEMENTS: values,
    KEY_LOADS: elementsOfLane / keys,
    VALUE_LOADS: elementsOfLane / values,
    KEY_AT: 0,
    VALUE_AT: keyWords,
    SCORES_AT: 2 * keyWords,
    SCORE_STRIDE: scoreStride,
    TILE_WORDS: tileWords,
  };
}

/** All constants of a matrix program whose tuning fits. */
export function matrixConstants(
  s: AttendSpecialisation,
  o: { readonly target: ProgramTarget; readonly tuning: MatrixTuning },
): MatrixConstants {
  const mapping = matrixMapping(s, o)!;
  const chunks = { keys: mapping.KEY_ELEMENTS, values: mapping.VALUE_ELEMENTS };
  return {
    ...cacheConstants(s, chunks),
    ...(s.keyFormat?.granularity === "block" ? { KEY_UNIT: BLOCK_UNIT } : {}),
    ...(s.valueFormat?.granularity === "block" ? { VALUE_UNIT: BLOCK_UNIT } : {}),
    ...mapping,
  };
}

/** What elements of blocks are too small by, as f16 that were multiplied by their scales. */
const BLOCK_UNIT = 2 ** 8;

/** Whether a program is that of one fragment, whose tiles lie in one page and are read a tile ahead. */
export function readsAhead(
  s: Pick<AttendSpecialisation, "rows" | "pageSizeTokens">,
  tuning: MatrixTuning,
  target: ProgramTarget,
): boolean {
  return s.rows === MATRIX_ROWS && tuning.rowFragments * target.matrix!.size === MATRIX_ROWS &&
    s.pageSizeTokens >= tuning.tileKeys;
}

/** Lanes that every adapter with matrices starts in one workgroup. */
const MOST_LANES = 512;
/** Loads of keys, and as many of values, that a lane has in flight within its registers. */
const MOST_LOADS = 16;

/** Measured on an H100; fits every adapter with matrices and every head size. */
const DEFAULT: MatrixTuning = { rowFragments: 1, tileKeys: 16 };

/**
 * The tuning that a program is generated with: the one asked for, or the default.
 *
 * @throws {RangeError} If the one asked for does not fit: another would not be what was asked.
 */
export function chooseMatrixTuning(
  s: MatrixShape,
  o: { readonly target: ProgramTarget; readonly tuning?: MatrixTuning },
): MatrixTuning | null {
  const fits = (tuning: MatrixTuning): boolean =>
    matrixMapping(s, { target: o.target, tuning }) !== null;
  if (o.tuning === undefined) return fits(DEFAULT) ? DEFAULT : null;
  if (fits(o.tuning)) return o.tuning;
  throw new RangeError(
    `Cannot generate a matrix program for ${s.rows} rows of ${s.headSize} elements with ` +
      `${matrixTuningName(o.tuning)}: it does not fit the adapter; leave the tuning out`,
  );
}

/** The tunings that fit an adapter and a head size. */
export function matrixTuningsOf(
  target: ProgramTarget,
  { headSize }: { readonly headSize: number },
): MatrixTuning[] {
  const shape = { headSize, rows: TILE_ROWS };
  return MATRIX_TUNINGS.filter((tuning) => matrixMapping(shape, { target, tuning }) !== null);
}

/** The part of a program's name that tells tunings apart. */
export function matrixTuningName(tuning: MatrixTuning): string {
  return `row_fragments=${tuning.rowFragments};tile_keys=${tuning.tileKeys}`;
}
