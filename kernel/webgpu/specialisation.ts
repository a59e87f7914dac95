/**
 * The specialisation table: which WGSL programs there are, and the constants each is expanded with.
 *
 * The counterpart of template code generation in native kernels. A program is generated for the
 * group, the head size, the page size, the storage type, the kinds of masks and the subgroup size
 * of a batch, so that its loops over rows and words are unrolled and its divisions are shifts.
 */

import type { StorageType } from "../storage_type.ts";
import {
  APPEND_TEXTS,
  CACHE_TEXTS,
  cacheConstants,
  cacheName,
  counterBinding,
  hasCodes,
  MATRIX_TEXTS,
} from "./cache_sides.ts";
import appendText from "./append.wgsl" with { type: "text" };
import appendCodesText from "./append_codes.wgsl" with { type: "text" };
import appendInputText from "./append_input.wgsl" with { type: "text" };
import attendCommonText from "./attend_common.wgsl" with { type: "text" };
import attendMatrixRead from "./attend_matrix_read.wgsl" with { type: "text" };
import attendMatrixQueries from "./attend_matrix_queries.wgsl" with { type: "text" };
import attendMatrixRowsText from "./attend_matrix_rows.wgsl" with { type: "text" };
import attendMatrixStore from "./attend_matrix_store.wgsl" with { type: "text" };
import attendMatrixWeights from "./attend_matrix_weights.wgsl" with { type: "text" };
import attendMatrixText from "./attend_matrix.wgsl" with { type: "text" };
import attendPortableText from "./attend_portable.wgsl" with { type: "text" };
import attendRowsText from "./attend_rows.wgsl" with { type: "text" };
import attendSubgroupText from "./attend_subgroup.wgsl" with { type: "text" };
import attendTileText from "./attend_tile.wgsl" with { type: "text" };
import fillText from "./fill.wgsl" with { type: "text" };
import mergeInsideText from "./merge_inside.wgsl" with { type: "text" };
import mergeText from "./merge.wgsl" with { type: "text" };
import paramsText from "./params.wgsl" with { type: "text" };
import { type LaneOptions, portableMapping, subgroupMapping } from "./lane_mapping.ts";
import { MATRIX_ROWS, TILE_ROWS } from "./item_rows.ts";
import {
  chooseMatrixTuning,
  matrixConstants,
  matrixMapping,
  matrixTuningName,
  readsAhead,
  usesMatrices,
} from "./matrix_mapping.ts";
import { MAX_SPLITS } from "./plan_splits.ts";
import type {
  AppendSpecialisation,
  AttendSpecialisation,
  AttendTuning,
  KernelShape,
  MatrixTuning,
  Program,
  ProgramTarget,
} from "./program.ts";
import storageFormatText from "./storage_format.wgsl" with { type: "text" };
import storeItemText from "./store_item.wgsl" with { type: "text" };
import storeOutputText from "./store_output.wgsl" with { type: "text" };
import { FILL_PARAMS, ITEM, MERGE, PARAMS } from "./struct_layout.ts";
import { expandTemplate, type TemplateConstants } from "./template.ts";
import type { QuantisedFormat } from "../quantised/quantised_format.ts";

/**
 * The tuning used where none was measured.
 *
 * @param s Heads and cache, where they are known.
 */
export function defaultTuning(
  { subgroupSize, isCompact }: ProgramTarget,
  s?: Pick<KernelShape, "queryHeads" | "kvHeads" | "headSize" | "keyFormat" | "valueFormat">,
): AttendTuning {
  // Measured on an H100, whose 132 multiprocessors hold four such workgroups each: two keys in each
  // of eight groups of four lanes need the fewest exchanges that registers allow.
  const lanes = { lanesPerKey: Math.min(4, subgroupSize), keysPerGroup: 2 };
  return isCompact
    ? {
      subgroups: 2,
      lanesPerKey: Math.min(8, subgroupSize),
      keysPerGroup: 2,
      valuesInFlight: 1,
      parallelItems: 16,
    }
    : {
      subgroups: 2,
      short: { subgroups: 4, mergesInside: true, rowsOfSubgroup: 5, ...lanes },
      ...lanes,
      valuesInFlight: 8,
      parallelItems: 528,
      ...(s === undefined || subgroupSize < 32 ? {} : measuredFor(s)),
    };
}

/** What was faster on an H200 for some shapes: docs/kernel.md has the times. */
function measuredFor(
  s: NonNullable<Parameters<typeof defaultTuning>[1]>,
): Partial<AttendTuning> {
  const group = s.queryHeads / s.kvHeads;
  if (s.keyFormat !== undefined || s.valueFormat !== undefined) {
    return s.headSize === 128 && s.keyFormat !== undefined
      ? measuredForCodes(s.keyFormat, group)
      : {};
  }
  // More keys for each read of a query, and the queries of five rows in registers.
  if (s.headSize === 128 && group === 5) return { lanesPerKey: 16, keysPerGroup: 8 };
  // Registers hold the outputs of eight short rows, whose keys are then read once.
  if (s.headSize === 64 && group > 5 && group <= 8) {
    return { rowsOfSubgroup: 8, lanesPerKey: 8, keysPerGroup: 4 };
  }
  return {};
}

/** Queries of two bytes, or spread over more lanes, leave registers for more workgroups at a time. */
function measuredForCodes(
  { codes, granularity }: QuantisedFormat,
  group: number,
): Partial<AttendTuning> {
  const eight = { lanesPerKey: 8, keysPerGroup: 2 };
  switch (codes) {
    case "int8": {
      // Each token's scale is one more thing to wait for.
      const isOwn = granularity === "token" || granularity === "inline";
      if (group <= 2) return { ...eight, parallelItems: 1056, valuesAhead: isOwn };
      return isOwn ? {} : { ...eight, parallelItems: 792, valuesAhead: true };
    }
    case "int4":
      return group > 2 ? { lanesPerKey: 16, keysPerGroup: 4 } : { ...eight, parallelItems: 1056 };
    case "fp8_e4m3":
    case "fp8_e5m2":
      if (group > 5) return { ...eight, parallelItems: 792, valuesAhead: true };
      return group > 2
        ? { lanesPerKey: 16, keysPerGroup: 4 }
        : { ...eight, parallelItems: 1056, valuesAhead: true };
    case "fp4_e2m1":
      return group > 5 ? { lanesPerKey: 16, keysPerGroup: 4 } : {};
  }
}

function shapeConstants(shape: KernelShape): Record<string, number | boolean> {
  const pooled = shape.layout === "pooled";
  return {
    D: shape.headSize,
    LV: shape.headSize / 8,
    G: shape.queryHeads / shape.kvHeads,
    H: shape.kvHeads,
    P: shape.pageSizeTokens,
    LOG2P: Math.log2(shape.pageSizeTokens),
    BF16: shape.storage === "bf16",
    UNIFORM: shape.layout === "uniform",
    PAGE_ROWS: pooled ? shape.pageSizeTokens : shape.kvHeads * shape.pageSizeTokens,
    HEAD_ROWS: pooled ? 0 : shape.pageSizeTokens,
    BINDINGS: shape.bindings,
    ...cacheConstants(shape),
  };
}

function shapeName(shape: KernelShape): string {
  const group = shape.queryHeads / shape.kvHeads;
  const split = shape.bindings > 1 ? `;bindings=${shape.bindings}` : "";
  return `group=${group};kv_heads=${shape.kvHeads};head_size=${shape.headSize};` +
    `page=${shape.pageSizeTokens};storage=${shape.storage}${cacheName(shape)};` +
    `layout=${shape.layout}${split}`;
}

/**
 * Generates an attention program.
 *
 * @param o The adapter's target and, optionally, a tuning other than the default.
 */
export function attendProgram(
  s: AttendSpecialisation,
  o: { target: ProgramTarget; tuning?: AttendTuning },
): Program {
  const matrix = matrixTuningOf(s, o);
  const mapping = matrix !== null
    ? matrixConstants(s, { target: o.target, tuning: matrix })
    : s.rows === TILE_ROWS
    ? tileMapping(s, o.target)
    : vectorMapping(s, o);
  const vectorText = o.target.subgroupSize === 0 ? attendPortableText : attendSubgroupText;
  const entryTexts = matrix !== null
    ? [...MATRIX_TEXTS, readsAhead(s, matrix, o.target) ? attendMatrixRowsText : attendMatrixText]
    : s.rows === TILE_ROWS
    ? [attendTileText]
    : [attendRowsText, vectorText];
  const mergesInside = matrix === null && mergesInsideOf(s, o);
  const texts = [
    paramsText,
    PARAMS.wgsl,
    ITEM.wgsl,
    attendCommonText,
    storageFormatText,
    ...CACHE_TEXTS,
    storeOutputText,
    storeItemText,
    ...(mergesInside ? [mergeInsideText] : []),
    ...entryTexts,
  ];
  return {
    name: attendProgramName(s, o),
    entryPoint: "attend",
    workgroupSize: mapping.WORKGROUP,
    code: expandTemplate(texts.join("\n"), {
      ...shapeConstants(s),
      MATRIX: false,
      READS_AHEAD: matrix !== null && readsAhead(s, matrix, o.target),
      R: s.rows,
      ROWS: s.rows,
      MERGES_INSIDE: mergesInside,
      COUNTER_BINDING: counterBinding(s),
      ...mapping,
      RANGES: s.maskRanges,
      TREE: s.treeMask,
      LEARNED_SINKS: s.learnedSinks,
      LOG_SUM_EXP: s.logSumExp,
      TINT: o.target.dialect === "tint",
    }, MATRIX_PARTS),
  };
}

/** What both matrix programs share. */
const MATRIX_PARTS = {
  attendMatrixQueries,
  attendMatrixRead,
  attendMatrixWeights,
  attendMatrixStore,
};

/** Whether programs for a target may count the splits that are finished. */
export function countsSplits(target: ProgramTarget): boolean {
  return target.isCoherent === true && target.subgroupSize > 0;
}

/** Whether items of a program may join the splits of their rows. */
export function mergesInsideOf(
  { rows }: Pick<AttendSpecialisation, "rows">,
  { target, tuning }: { target: ProgramTarget; tuning?: AttendTuning },
): boolean {
  return tuning?.mergesInside === true && countsSplits(target) &&
    rows !== TILE_ROWS;
}

/** The name of an attention program, without generating it. */
export function attendProgramName(
  s: AttendSpecialisation,
  o: { target: ProgramTarget; tuning?: AttendTuning },
): string {
  const head = `attend:rows=${s.rows};${shapeName(s)}${flagNames(s)}`;
  const matrix = matrixTuningOf(s, o);
  if (matrix !== null) {
    const { matrix: unit, subgroupSize } = o.target;
    const ahead = readsAhead(s, matrix, o.target) ? ";ahead" : "";
    return `${head};subgroup=${subgroupSize};matrix=${unit!.size};` +
      `${matrixTuningName(matrix)}${ahead}`;
  }
  if (o.target.subgroupSize === 0 || s.rows === TILE_ROWS) return `${head};subgroup=none`;
  const constants = subgroupMapping(s, tuned(s, o));
  const { T, WALKERS, LK, J, LANES_V, C, PV_UNROLL, KEY_DIGITS, VALUES_AHEAD } = constants;
  const subgroups = `subgroup=${T};walkers=${WALKERS}`;
  return `${head};${subgroups};lanes_per_key=${LK};keys_per_group=${J};lanes_per_value=${LANES_V};` +
    (C === 1 ? "" : `chunks_per_lane=${C};`) +
    `values_in_flight=${PV_UNROLL}${mergesInsideOf(s, o) ? ";merges_inside" : ""}` +
    (KEY_DIGITS ? ";fixed_query" : "") +
    (VALUES_AHEAD ? ";values_ahead" : "");
}

function matrixTuningOf(
  s: AttendSpecialisation,
  o: { target: ProgramTarget; tuning?: AttendTuning },
): MatrixTuning | null {
  if (!usesMatrices(s, o.target)) return null;
  const asked = o.tuning?.matrix;
  if (s.rows === MATRIX_ROWS) {
    // A subgroup owns all rows of a small item, and holds as many keys as a tile if they fit.
    const fitting = chooseMatrixTuning(s, { target: o.target })!;
    const rowFragments = o.target.matrix!.size === 8 ? 2 : 1;
    const tuning = { ...fitting, ...asked, rowFragments } as const;
    return matrixMapping(s, { target: o.target, tuning }) === null ? fitting : tuning;
  }
  return chooseMatrixTuning(s, {
    target: o.target,
    ...(asked === undefined ? {} : { tuning: asked }),
  });
}

function tuned(
  s: AttendSpecialisation,
  o: { target: ProgramTarget; tuning?: AttendTuning },
): LaneOptions {
  const { subgroupSize, hasPackedProducts = false } = o.target;
  return { subgroupSize, hasPackedProducts, tuning: o.tuning ?? defaultTuning(o.target, s) };
}

function vectorMapping(
  s: AttendSpecialisation,
  o: { target: ProgramTarget; tuning?: AttendTuning },
): Record<"WORKGROUP", number> & TemplateConstants {
  return o.target.subgroupSize === 0 ? portableMapping(s) : subgroupMapping(s, tuned(s, o));
}

/** Constants of the tile kernel, within the 32 KiB of workgroup memory of every adapter. */
function tileMapping(
  s: AttendSpecialisation,
  target: ProgramTarget,
): Record<"WORKGROUP", number> & TemplateConstants {
  const lanes = 128;
  return {
    SUBGROUPS: false,
    // Reading workgroup memory is what binds: zero points stay in registers.
    KEY_OWN_ZEROS: s.keyFormat?.codes === "int4" && s.headSize <= 128,
    VALUE_OWN_ZEROS: s.valueFormat?.codes === "int4",
    WORKGROUP: lanes,
    CV: s.headSize / 64,
    UD: target.isCompact ? 1 : 8,
    UK: target.isCompact ? 1 : 8,
    TILE_WORDS: Math.max(1024, 512 + 4 * s.headSize),
    VALUE_LOADS: 4 * s.headSize / lanes,
  };
}

function flagNames(
  s: Pick<AttendSpecialisation, "maskRanges" | "treeMask" | "learnedSinks" | "logSumExp">,
): string {
  return (s.maskRanges ? ";ranges" : "") + (s.treeMask ? ";tree" : "") +
    (s.learnedSinks ? ";learned_sinks" : "") + (s.logSumExp ? ";log_sum_exp" : "");
}

/** Generates the program that joins the splits of a row. */
export function mergeProgram(
  s: Pick<AttendSpecialisation, "headSize" | "storage" | "learnedSinks" | "logSumExp">,
): Program {
  const workgroupSize = 64;
  const words = s.headSize / 8;
  const flags = (s.learnedSinks ? ";learned_sinks" : "") + (s.logSumExp ? ";log_sum_exp" : "");
  const text = [paramsText, PARAMS.wgsl, MERGE.wgsl, mergeText, storageFormatText, storeOutputText]
    .join("\n");
  return {
    name: `merge:head_size=${s.headSize};storage=${s.storage}${flags}`,
    entryPoint: "mergeSplits",
    workgroupSize,
    code: expandTemplate(text, {
      D: s.headSize,
      LV: words,
      GROUPS: workgroupSize / words,
      UNROLL: 4,
      MAX_SPLITS,
      BF16: s.storage === "bf16",
      LEARNED_SINKS: s.learnedSinks,
      LOG_SUM_EXP: s.logSumExp,
      WORKGROUP: workgroupSize,
      TINT: false,
      SUBGROUPS: false,
      MATRIX: false,
    }),
  };
}

const ROTARY_STYLES = { none: 0, interleaved: 1, neox: 2 } as const;

/** Of a quantised cache a workgroup takes a head of a token, because scales go by its largest value. */
function appendTexts(s: AppendSpecialisation): string[] {
  const body = hasCodes(s) ? appendCodesText : appendText;
  return [paramsText, PARAMS.wgsl, appendInputText, ...APPEND_TEXTS, body, storageFormatText];
}

/** Generates an append program. */
export function appendProgram(s: AppendSpecialisation): Program {
  const workgroupSize = 64;
  const turns = s.rotaryStyle === "none" ? 0 : s.rotaryDimensions;
  return {
    name: `append:rotary=${s.rotaryStyle};rotary_dimensions=${turns};${shapeName(s)}`,
    entryPoint: "append",
    workgroupSize,
    code: expandTemplate(appendTexts(s).join("\n"), {
      ...shapeConstants(s),
      ROTARY: ROTARY_STYLES[s.rotaryStyle],
      ROTARY_DIMENSIONS: turns,
      WORKGROUP: workgroupSize,
      TINT: false,
      SUBGROUPS: false,
      MATRIX: false,
    }),
  };
}

/** Generates the program that fills buffers with random values. */
export function fillProgram(storage: StorageType): Program {
  return {
    name: `fill:storage=${storage}`,
    entryPoint: "fill",
    workgroupSize: 64,
    code: expandTemplate([FILL_PARAMS.wgsl, fillText, storageFormatText].join("\n"), {
      BF16: storage === "bf16",
    }),
  };
}
