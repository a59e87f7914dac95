/** Caches whose page 0 is a null page: ids count from 1, and an id of 0 is a hole. */
import {
  type AttentionShape,
  pageIdLimit,
  poisonRows,
  type QuantisedFormat,
  type QuantisedTensor,
  type ScaleView,
  STORAGE_FORMATS,
} from "../kernel/mod.ts";
import { elementsOfId } from "./sparse_cache.ts";

/** The tensors of a cache, as they stand in problems and in what an append gives. */
interface CacheTensors {
  readonly shape: AttentionShape;
  readonly keys: Uint16Array;
  readonly values: Uint16Array;
  readonly quantisedKeys?: QuantisedTensor;
  readonly quantisedValues?: QuantisedTensor;
}

const SIDES = [
  { bits: "keys", quantised: "quantisedKeys", format: "keyFormat" },
  { bits: "values", quantised: "quantisedValues", format: "valueFormat" },
] as const;

/**
 * Puts a poisoned null page in front of a cache, and counts ids from 1.
 *
 * @param p A problem whose holes are −1. What is refused in it stays refused.
 * @returns The problem with holes of 0 and a page more.
 */
export function withNullPage<P extends CacheTensors & { readonly table: Int32Array }>(p: P): P {
  const elements = elementsOfId(p.shape);
  if (!Number.isSafeInteger(elements) || elements < 1) return p;
  const table = p.table instanceof Int32Array
    ? p.table.map((id) => id >= -1 && id < 2 ** 31 - 1 ? id + 1 : id)
    : p.table;
  const changed: Record<string, unknown> = { table, shape: resize(p.shape, 1) };
  for (const { bits, quantised, format } of SIDES) {
    const { [format]: stored } = p.shape;
    const tensor = p[quantised];
    if (stored !== undefined && tensor !== undefined) {
      changed[quantised] = prependRows(tensor, { shape: p.shape, format: stored });
    } else if (p[bits].length > 0) {
      changed[bits] = prepend(p[bits], elements, STORAGE_FORMATS[p.shape.storage]?.quietNan ?? 0);
    }
  }
  return { ...p, ...changed };
}

/**
 * Takes the null page away again: from what an append gave, or, where there is a table, from a problem.
 *
 * @param p Tensors of a cache with a null page.
 * @returns The same without it; a hole is −1, and what is no id from 0 on stays what it is not.
 */
export function withoutNullPage<P extends CacheTensors & { readonly table?: Int32Array }>(p: P): P {
  const elements = elementsOfId(p.shape);
  const shape = resize(p.shape, -1);
  const rows = elements / p.shape.headSize;
  const changed: Record<string, unknown> = { shape };
  if (p.table instanceof Int32Array) changed["table"] = p.table.map((id) => id - 1);
  for (const { bits, quantised, format } of SIDES) {
    const stored = p.shape[format];
    const tensor = p[quantised];
    if (stored === undefined || tensor === undefined) {
      changed[bits] = p[bits].subarray(elements);
      continue;
    }
    const total = rowsOf(p.shape);
    changed[quantised] = {
      ...tensor,
      codes: tensor.codes.subarray(rows * tensor.codes.length / total),
      ...(tensor.scales === undefined || !isByRow(stored)
        ? {}
        : { scales: tensor.scales.subarray(rows * tensor.scales.length / total) }),
      ...(tensor.scaleView === undefined ? {} : { scaleView: resizeView(tensor, shape, stored) }),
    };
  }
  return { ...p, ...changed };
}

/** Everything in the null page of a cache, as bytes. */
export function nullPageOf(p: CacheTensors): Uint8Array {
  const elements = elementsOfId(p.shape);
  const share = elements / p.shape.headSize / rowsOf(p.shape);
  const parts = SIDES.flatMap(({ bits, quantised, format }) => {
    const stored = p.shape[format];
    const tensor = p[quantised];
    if (stored === undefined || tensor === undefined) return [p[bits].subarray(0, elements)];
    const { codes, scales } = tensor;
    return [
      codes.subarray(0, share * codes.length),
      ...(scales === undefined || !isByRow(stored)
        ? []
        : [scales.subarray(0, share * scales.length)]),
    ];
  });
  return Uint8Array.from(
    parts.flatMap((part) => [...new Uint8Array(part.buffer, part.byteOffset, part.byteLength)]),
  );
}

function resize(shape: AttentionShape, by: 1 | -1): AttentionShape {
  if (shape.layout !== "pooled") return { ...shape, pages: shape.pages + by };
  const poolPages = pageIdLimit(shape) + by;
  return { ...shape, pages: Math.ceil(poolPages / shape.kvHeads), poolPages };
}

/** Rows of D elements in a cache. */
function rowsOf(shape: AttentionShape): number {
  return pageIdLimit(shape) * elementsOfId(shape) / shape.headSize;
}

/** Whether every row has scales of its own. */
function isByRow({ granularity }: QuantisedFormat): boolean {
  return granularity === "token" || granularity === "block";
}

function prepend<A extends Uint16Array | Uint8Array | Float32Array>(
  array: A,
  count: number,
  value: number,
): A {
  const longer = new (array.constructor as new (length: number) => A)(array.length + count);
  longer.fill(value, 0, count);
  longer.set(array, count);
  return longer;
}

function prependRows(
  tensor: QuantisedTensor,
  { shape, format }: { readonly shape: AttentionShape; readonly format: QuantisedFormat },
): QuantisedTensor {
  const rows = elementsOfId(shape) / shape.headSize;
  const share = rows / rowsOf(shape);
  const { codes, scales } = tensor;
  const longer = {
    ...tensor,
    codes: prepend(codes, share * codes.length, 0),
    ...(scales === undefined || !isByRow(format)
      ? {}
      : { scales: prepend(scales, share * scales.length, 0) }),
    ...(tensor.scaleView === undefined
      ? {}
      : { scaleView: resizeView(tensor, resize(shape, 1), format) }),
  };
  return poisonRows(longer, {
    format,
    headSize: shape.headSize,
    isPoisoned: (row) => row < rows,
  });
}

/** What the scales say of themselves, over another number of pages. */
function resizeView(
  { scaleView = {} }: QuantisedTensor,
  shape: AttentionShape,
  format: QuantisedFormat,
): ScaleView {
  const { shape: sizes } = scaleView;
  if (sizes === undefined || !isByRow(format)) return scaleView;
  const pages = shape.layout === "pooled" ? pageIdLimit(shape) : shape.pages;
  const before = pages - 1;
  return {
    ...scaleView,
    shape: sizes.map((size, at) => at === 0 && size === before ? pages : size),
  };
}
