/** Refuses quantised caches whose types, sizes or zero points do not fit, tensor by tensor, by name. */

import { checkLength } from "../check_tensor.ts";
import { DtypeError, ShapeError, ValueError } from "../problem_error.ts";
import type { AttentionProblem, AttentionShape } from "../problem.ts";
import { CODE_FORMATS } from "./code_type.ts";
import {
  BLOCK_ELEMENTS,
  cacheRows,
  FORMAT_NAMES,
  formatName,
  parseFormat,
  type QuantisedFormat,
  rowBytes,
  SCALE_BYTES,
  scaleShape,
  scaleSize,
} from "./quantised_format.ts";
import { type CacheSide, scaleValue, sideFormat, SIDES, sideTensor } from "./quantised_tensor.ts";

const ZERO_POINT_LIMIT = 128;

/** What attention and append problems share of a cache. */
export type QuantisedCache = Pick<
  AttentionProblem,
  "shape" | "keys" | "values" | "quantisedKeys" | "quantisedValues"
>;

/** Name of a side's tensors in errors. */
function tensorName(side: CacheSide, part: string): string {
  return `${side === "keys" ? "quantisedKeys" : "quantisedValues"}.${part}`;
}

/** The clause that a format falls under. */
export function formatClause(format: QuantisedFormat): string {
  return CODE_FORMATS[format.codes].bits === 8 ? "dtype/c8" : "dtype/c4";
}

/** Refuses formats that do not exist, or that the head size does not allow. */
export function checkFormats(shape: AttentionShape): void {
  for (const side of SIDES) {
    const format = sideFormat(shape, side);
    if (format === undefined) continue;
    const name = `${side === "keys" ? "keyFormat" : "valueFormat"}`;
    const text = formatName(format);
    if (parseFormat(text) === null) {
      throw new DtypeError(
        `Cannot store ${side} as "${text}": it is not a format of a quantised cache; pick one of ` +
          FORMAT_NAMES.join(", "),
        "dtype/c8",
        { name, actual: text },
      );
    }
    if (format.granularity === "block" && shape.headSize % BLOCK_ELEMENTS !== 0) {
      throw new ShapeError(
        `Cannot cut heads of ${shape.headSize} elements into blocks of ${BLOCK_ELEMENTS}: use a ` +
          "head size that is a multiple of it",
        "dtype/c4",
        { name: "headSize", actual: shape.headSize },
      );
    }
  }
}

function refuseType(name: string, value: unknown, o: { wanted: string; clause: string }): never {
  const actual = value === undefined || value === null
    ? "missing"
    : (value as object).constructor?.name ?? typeof value;
  throw new DtypeError(
    `Cannot read "${name}": it is ${actual}; pass ${o.wanted}`,
    o.clause,
    { name, expected: o.wanted, actual },
  );
}

function scaleArray(
  type: QuantisedFormat["scaleType"],
): typeof Float32Array | typeof Uint16Array | typeof Uint8Array {
  if (type === "f32") return Float32Array;
  return SCALE_BYTES[type] === 2 ? Uint16Array : Uint8Array;
}

/** Refuses tensors of the wrong element type, and ones that the format has no use for. */
export function checkQuantisedTypes(p: QuantisedCache): void {
  for (const side of SIDES) {
    const format = sideFormat(p.shape, side);
    const tensor = sideTensor(p, side);
    if (format === undefined) {
      if (tensor === undefined) continue;
      throw new DtypeError(
        `Cannot read quantised ${side}: the shape has no format for them; set its ` +
          `${side === "keys" ? "keyFormat" : "valueFormat"}`,
        "dtype/c8",
        { name: tensorName(side, "codes"), actual: "c16" },
      );
    }
    const clause = formatClause(format);
    const check = (
      part: string,
      value: unknown,
      type: ReturnType<typeof scaleArray> | null,
    ): void => {
      const name = tensorName(side, part);
      if (type === null) {
        if (value === undefined) return;
        refuseType(name, value, { wanted: `none, which ${formatName(format)} has`, clause });
      }
      if (value instanceof type) return;
      refuseType(name, value, { wanted: `a ${type.name} (${formatName(format)})`, clause });
    };
    check("codes", tensor?.codes, Uint8Array);
    const isInline = format.granularity === "inline";
    check("scales", tensor?.scales, isInline ? null : scaleArray(format.scaleType));
    check("zeros", tensor?.zeros, format.codes === "int4" ? scaleArray(format.scaleType) : null);
    check("tensorScale", tensor?.tensorScale, format.granularity === "block" ? Float32Array : null);
  }
  checkScaleViews(p);
}

/** Elements from one index to the next of a row-major tensor, outermost first. */
function rowMajorStrides(sizes: readonly number[]): number[] {
  return sizes.map((_, axis) => sizes.slice(axis + 1).reduce((product, size) => product * size, 1));
}

/** Strides by which the same elements are found; those of axes of one element name nothing. */
function findsSame(sizes: readonly number[], strides: readonly number[]): boolean {
  const dense = rowMajorStrides(sizes);
  return strides.length === sizes.length &&
    strides.every((stride, axis) => sizes[axis] === 1 || stride === dense[axis]);
}

/** Refuses scales that say of themselves what the format does not: type, sizes or strides. */
function checkScaleViews(p: QuantisedCache): void {
  for (const side of SIDES) {
    const format = sideFormat(p.shape, side);
    const view = sideTensor(p, side)?.scaleView;
    if (format === undefined || view === undefined) continue;
    const name = tensorName(side, "scales");
    const clause = formatClause(format);
    const text = formatName(format);
    if (view.type !== undefined && view.type !== format.scaleType) {
      throw new DtypeError(
        `Cannot read "${name}": its elements are ${view.type}; pass scales of ` +
          `${format.scaleType} (${text}), or name the format that they belong to`,
        clause,
        { name, expected: format.scaleType, actual: view.type },
      );
    }
    const { sizes } = scaleShape(format, p.shape);
    const given = view.shape ?? sizes;
    if (given.length !== sizes.length || given.some((size, axis) => size !== sizes[axis])) {
      throw new ShapeError(
        `Cannot use "${name}" of shape [${given}]: ${text} has scales of [${sizes}]; pass a ` +
          "tensor of that shape",
        clause,
        { name, expected: `[${sizes}]`, actual: `[${given}]` },
      );
    }
    if (view.strides === undefined || findsSame(sizes, view.strides)) continue;
    const dense = rowMajorStrides(sizes);
    throw new ShapeError(
      `Cannot use "${name}" of strides [${view.strides}]: scales are row-major, [${dense}]; pass ` +
        "a contiguous copy",
      clause,
      { name, expected: `[${dense}]`, actual: `[${view.strides}]` },
    );
  }
}

/** Refuses tensors whose sizes do not follow from the shape and the format. */
export function checkQuantisedSizes(p: QuantisedCache): void {
  for (const side of SIDES) {
    const format = sideFormat(p.shape, side);
    if (format === undefined) continue;
    const tensor = sideTensor(p, side)!;
    const clause = formatClause(format);
    const rows = cacheRows(p.shape);
    const bytes = rowBytes(format, p.shape.headSize);
    const pages = p.shape.layout === "pooled" ? "poolPages·P" : "N·H·P";
    checkLength(side, p[side].length, { length: 0, formula: "no elements of C16", clause });
    checkLength(tensorName(side, "codes"), tensor.codes.length, {
      length: rows * bytes,
      formula: `${pages}·${bytes} bytes`,
      clause,
    });
    const { elements, formula } = scaleSize(format, p.shape);
    if (tensor.scales !== undefined) {
      checkLength(tensorName(side, "scales"), tensor.scales.length, {
        length: elements,
        formula,
        clause,
      });
    }
    if (tensor.zeros !== undefined) {
      checkLength(tensorName(side, "zeros"), tensor.zeros.length, {
        length: elements,
        formula: "H·D",
        clause,
      });
    }
    if (tensor.tensorScale !== undefined) {
      checkLength(tensorName(side, "tensorScale"), tensor.tensorScale.length, {
        length: 1,
        formula: "1",
        clause,
      });
    }
  }
}

/** Refuses zero points that are no integers: a code minus one of them would not be exact. */
export function checkZeroPoints(p: QuantisedCache): void {
  for (const side of SIDES) {
    const format = sideFormat(p.shape, side);
    const zeros = sideTensor(p, side)?.zeros;
    if (format === undefined || zeros === undefined) continue;
    for (const [index, stored] of zeros.entries()) {
      const value = scaleValue(format.scaleType, stored);
      if (Number.isInteger(value) && Math.abs(value) <= ZERO_POINT_LIMIT) continue;
      const { headSize } = p.shape;
      throw new ValueError(
        `Cannot use the zero point ${value} of head ${Math.floor(index / headSize)}, channel ` +
          `${index % headSize} of the ${side}: zero points are integers from ` +
          `${-ZERO_POINT_LIMIT} to ${ZERO_POINT_LIMIT}; round it when the scales are made`,
        "dtype/c4",
        { name: tensorName(side, "zeros"), index, value },
      );
    }
  }
}
