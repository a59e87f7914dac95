/** Caches whose page 0 is a null page: ids count from 1, and an id of 0 is a hole. */
import {
  type AttentionProblem,
  type AttentionShape,
  pageIdLimit,
  poisonRows,
  type QuantisedFormat,
  type QuantisedTensor,
  type ScaleView,
  STORAGE_FORMATS,
} from "../kernel/mod.ts";
import { SIDE_FIELDS } from "./adapters/quantised_tensors.ts";
import { elementsOfId } from "./sparse_cache.ts";

/** The tensors of a cache, as they stand in problems and in what an append gives. */
type CacheTensors = Pick<
  AttentionProblem,
  "shape" | "keys" | "values" | "quantisedKeys" | "quantisedValues"
>;

/** Arrays that have a row for every token. */
type RowArray = Uint16Array | Uint8Array | Float32Array;

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
  const shape = resize(p.shape, 1);
  const nan = STORAGE_FORMATS[p.shape.storage]?.quietNan ?? 0;
  const rows = elements / p.shape.headSize;
  const sides = mapSides(p, {
    bits: (bits) => bits.length > 0 ? prepend(bits, elements, nan) : bits,
    codes: (tensor, format) =>
      poisonRows(
        mapRows(
          tensor,
          { format, before: p.shape, after: shape },
          (array, count) => prepend(array, count, 0),
        ),
        { format, headSize: p.shape.headSize, isPoisoned: (row) => row < rows },
      ),
  });
  return { ...p, ...sides, table, shape };
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
  const sides = mapSides(p, {
    bits: (bits) => bits.subarray(elements),
    codes: (tensor, format) =>
      mapRows(
        tensor,
        { format, before: p.shape, after: shape },
        (array, count) => array.subarray(count),
      ),
  });
  const table = p.table instanceof Int32Array && { table: p.table.map((id) => id - 1) };
  return { ...p, ...sides, ...table, shape };
}

/** Everything in the null page of a cache, as bytes. */
export function nullPageOf(p: CacheTensors): Uint8Array {
  const elements = elementsOfId(p.shape);
  const sides = mapSides(p, {
    bits: (bits) => bits.subarray(0, elements),
    codes: ({ codes, scales }, format) =>
      mapRows(
        { codes, ...(scales && isByRow(format) && { scales }) },
        { format, before: p.shape, after: p.shape },
        (array, count) => array.subarray(0, count),
      ),
  });
  const parts: RowArray[] = Object.values(sides).flatMap((side) =>
    "codes" in side ? Object.values(side) : [side]
  );
  return Uint8Array.from(
    parts.flatMap((part) => [...new Uint8Array(part.buffer, part.byteOffset, part.byteLength)]),
  );
}

/** Changes the arrays of both sides of a cache: bits where a side has 16, otherwise its tensor. */
function mapSides(
  p: CacheTensors,
  change: {
    readonly bits: (bits: Uint16Array) => Uint16Array;
    readonly codes: (tensor: QuantisedTensor, format: QuantisedFormat) => QuantisedTensor;
  },
): Record<string, Uint16Array | QuantisedTensor> {
  return Object.fromEntries((["keys", "values"] as const).map((side) => {
    const format = p.shape[SIDE_FIELDS[side].format];
    const tensor = p[SIDE_FIELDS[side].tensor];
    return format === undefined || tensor === undefined
      ? [side, change.bits(p[side])]
      : [SIDE_FIELDS[side].tensor, change.codes(tensor, format)];
  }));
}

/** Changes the arrays of a tensor that have a row for every token, given the elements of one page. */
function mapRows(
  tensor: QuantisedTensor,
  o: {
    readonly format: QuantisedFormat;
    readonly before: AttentionShape;
    readonly after: AttentionShape;
  },
  change: (array: RowArray, pageElements: number) => RowArray,
): QuantisedTensor {
  const { codes, scales, scaleView } = tensor;
  const hasRows = isByRow(o.format);
  const changed = <A extends RowArray>(array: A): A =>
    change(array, array.length / pageIdLimit(o.before)) as A;
  return {
    ...tensor,
    codes: changed(codes),
    ...(scales && hasRows && { scales: changed(scales) }),
    ...(scaleView && { scaleView: hasRows ? resizeView(scaleView, o) : scaleView }),
  };
}

function resize(shape: AttentionShape, by: 1 | -1): AttentionShape {
  if (shape.layout !== "pooled") return { ...shape, pages: shape.pages + by };
  const poolPages = pageIdLimit(shape) + by;
  return { ...shape, pages: Math.ceil(poolPages / shape.kvHeads), poolPages };
}

/** Whether every row has scales of its own. */
function isByRow({ granularity }: QuantisedFormat): boolean {
  return granularity === "token" || granularity === "block";
}

function prepend<A extends RowArray>(array: A, count: number, value: number): A {
  const longer = new (array.constructor as new (length: number) => A)(array.length + count);
  longer.fill(value, 0, count);
  longer.set(array, count);
  return longer;
}

/** What scales say of themselves, over another number of pages. */
function resizeView(
  view: ScaleView,
  o: { readonly before: AttentionShape; readonly after: AttentionShape },
): ScaleView {
  const shape = view.shape?.map((size, at) =>
    at === 0 && size === pageIdLimit(o.before) ? pageIdLimit(o.after) : size
  );
  return { ...view, ...(shape && { shape }) };
}
