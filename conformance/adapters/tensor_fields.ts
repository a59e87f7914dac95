/** Problems, tables and snapshots as tensors, and back. */
import type { z } from "zod";
import type {
  AppendProblem,
  AttentionProblem,
  AttentionShape,
  CacheAndBatch,
} from "../../kernel/mod.ts";
import type { TableDump } from "../subject.ts";
import { adapterError } from "./adapter_fault.ts";
import { withoutUndefined } from "./protocol/command.ts";
import type { problem, rotary, scaleStrides, shape } from "./protocol/values.ts";
import { packSide, type Side, SIDE_FIELDS, unpackSide } from "./quantised_tensors.ts";
import {
  plainType,
  type Tensor,
  type TensorData,
  type Tensors,
  type TensorType,
} from "./safetensors.ts";

/** The numbers of a problem; its tensors travel beside them. */
export type ProblemFields = z.infer<typeof problem>;

/** The element type that bits of a storage type travel as; null for one that does not exist. */
export function storageType(storage: string): TensorType | null {
  return storage === "bf16" ? "BF16" : storage === "f16" ? "F16" : null;
}

/** A tensor of a given type with one dimension. */
export function flatTensor(dtype: TensorType, data: TensorData): Tensor {
  return { dtype, shape: [data.length], data };
}

/** Flat tensors of int32 arrays by name; what is null or undefined has none. */
export function int32Tensors(
  arrays: Readonly<Record<string, Int32Array | null | undefined>>,
): Map<string, Tensor> {
  return new Map(
    Object.entries(arrays).flatMap(([name, data]) => data ? [[name, flatTensor("I32", data)]] : []),
  );
}

/**
 * Takes int32 arrays out of a file.
 *
 * @throws {AdapterFault} If one is missing, or of another type.
 */
export function int32Arrays<Name extends string>(
  tensors: Tensors,
  names: readonly Name[],
): Record<Name, Int32Array> {
  const entries = names.map((name) => [
    name,
    expectTensor<Int32Array>(tensors, { name, dtype: "I32", elements: null }),
  ]);
  return Object.fromEntries(entries);
}

/** A tensor of any array; its shape is flat where the elements do not fill the rows. */
function tensorOf(data: TensorData, row: readonly number[] = [], storage = ""): Tensor {
  const found = plainType(data);
  const dtype = found === "U16" ? storageType(storage) ?? found : found;
  const elements = row.reduce((product, size) => product * size, 1);
  const fills = Number.isSafeInteger(elements) && elements > 0 && data.length % elements === 0;
  const shape = fills ? [data.length / elements, ...row] : [data.length];
  return { dtype, shape, data };
}

/** Tensors that an attention and an append problem share. */
function cacheTensors(p: CacheAndBatch): Map<string, Tensor> {
  const { layout, kvHeads, pageSizeTokens, headSize, columns, storage } = p.shape;
  const page = layout === "pooled"
    ? [pageSizeTokens, headSize]
    : [kvHeads, pageSizeTokens, headSize];
  const sideOf = (side: Side): Tensors => {
    const format = p.shape[SIDE_FIELDS[side].format];
    const tensor = p[SIDE_FIELDS[side].tensor];
    return format === undefined || tensor === undefined
      ? new Map([[side, tensorOf(p[side], page, storage)]])
      : packSide(tensor, { side, format, shape: p.shape });
  };
  return new Map([
    ...sideOf("keys"),
    ...sideOf("values"),
    ["table", tensorOf(p.table, [columns])],
    ["queryStarts", tensorOf(p.queryStarts)],
    ["cachedLengths", tensorOf(p.cachedLengths)],
  ]);
}

/** Packs the tensors of an attention problem. */
export function problemTensors(
  p: AttentionProblem,
  o: { readonly into?: Uint16Array | undefined; readonly captureTable?: Int32Array | null } = {},
): Tensors {
  const { queryHeads, headSize, storage, columns } = p.shape;
  const tensors = cacheTensors(p);
  tensors.set("query", tensorOf(p.query, [queryHeads, headSize], storage));
  tensors.set("headWindows", tensorOf(p.headWindows));
  if (p.maskRanges !== undefined) tensors.set("maskRanges", tensorOf(p.maskRanges, [2]));
  if (p.treeMask !== undefined) {
    const { bits, maxQueryTokens } = p.treeMask;
    tensors.set("treeMask", tensorOf(bits, [maxQueryTokens, maxQueryTokens]));
  }
  if (p.sinkLogits !== undefined) tensors.set("sinkLogits", tensorOf(p.sinkLogits));
  if (o.into !== undefined) tensors.set("into", tensorOf(o.into, [], storage));
  if (o.captureTable) tensors.set("captureTable", tensorOf(o.captureTable, [columns]));
  return tensors;
}

/** The strides that tensors of scales say of themselves. */
export function stridesOf(
  p: Pick<AttentionProblem, "quantisedKeys" | "quantisedValues">,
): z.infer<typeof scaleStrides> | undefined {
  const keys = p.quantisedKeys?.scaleView?.strides;
  const values = p.quantisedValues?.scaleView?.strides;
  if (keys === undefined && values === undefined) return undefined;
  return withoutUndefined({ keys: keys && [...keys], values: values && [...values] });
}

/** Picks the numbers of an attention problem. */
export function problemFields(p: AttentionProblem): ProblemFields {
  return withoutUndefined({
    shape: p.shape,
    sinkTokens: p.sinkTokens,
    scale: p.scale ?? null,
    treeQueryTokens: p.treeMask?.maxQueryTokens ?? null,
    scaleStrides: stridesOf(p),
  });
}

/**
 * Puts an attention problem together again.
 *
 * @param tensors Its tensors; their element types are left as they are.
 * @throws {AdapterFault} If a tensor is not there.
 */
export function problemFrom(fields: ProblemFields, tensors: Tensors): AttentionProblem {
  const bits = tensors.get("treeMask")?.data as Uint8Array | undefined;
  return withoutUndefined({
    shape: fields.shape as AttentionShape,
    ...cacheFrom(tensors, fields),
    query: dataOf<Uint16Array>(tensors, "query"),
    headWindows: dataOf<Int32Array>(tensors, "headWindows"),
    sinkTokens: Number(fields.sinkTokens),
    maskRanges: tensors.get("maskRanges")?.data as Int32Array | undefined,
    treeMask: bits && { bits, maxQueryTokens: Number(fields.treeQueryTokens) },
    sinkLogits: tensors.get("sinkLogits")?.data as Float32Array | undefined,
    scale: fields.scale === null ? undefined : Number(fields.scale),
  });
}

type CacheAndTables = Omit<CacheAndBatch, "shape">;

function cacheFrom(
  tensors: Tensors,
  fields: Pick<ProblemFields, "shape" | "scaleStrides">,
): CacheAndTables {
  const sideOf = (side: Side): object => {
    const format = (fields.shape as AttentionShape)[SIDE_FIELDS[side].format];
    if (format === undefined) return { [side]: dataOf(tensors, side) };
    const tensor = unpackSide(tensors, { side, format, strides: fields.scaleStrides?.[side] });
    return { [side]: new Uint16Array(), [SIDE_FIELDS[side].tensor]: tensor };
  };
  return {
    ...sideOf("keys"),
    ...sideOf("values"),
    table: dataOf(tensors, "table"),
    queryStarts: dataOf(tensors, "queryStarts"),
    cachedLengths: dataOf(tensors, "cachedLengths"),
  } as CacheAndTables;
}

/** Packs the tensors of an append problem. */
export function appendTensors(p: AppendProblem): Tensors {
  const { queryHeads, kvHeads, headSize, storage } = p.shape;
  return cacheTensors(p).set(
    "packed",
    tensorOf(p.packed, [queryHeads + 2 * kvHeads, headSize], storage),
  );
}

/**
 * Puts an append problem together again.
 *
 * @throws {AdapterFault} If a tensor is not there.
 */
export function appendFrom(
  fields: {
    readonly shape: z.infer<typeof shape>;
    readonly rotary: z.infer<typeof rotary>;
    readonly scaleStrides?: z.infer<typeof scaleStrides> | undefined;
  },
  tensors: Tensors,
): AppendProblem {
  return {
    shape: fields.shape as AttentionShape,
    rotary: fields.rotary as AppendProblem["rotary"],
    ...cacheFrom(tensors, fields),
    packed: dataOf(tensors, "packed"),
  };
}

/** Packs the tensors of a table for the validator. */
export function dumpTensors(
  o: Pick<TableDump, "table" | "headWindows" | "lengthsTokens" | "columns">,
): Tensors {
  return new Map([
    ["table", tensorOf(o.table, [o.columns])],
    ["headWindows", tensorOf(o.headWindows)],
    ["lengthsTokens", tensorOf(o.lengthsTokens)],
  ]);
}

/**
 * Picks the elements of a tensor, of whatever type they are.
 *
 * @returns Its elements; the caller's types are only hoped for, as in any message from outside.
 * @throws {AdapterFault} If it is not there.
 */
export function dataOf<T extends TensorData>(tensors: Tensors, name: string): T {
  const tensor = tensors.get(name);
  if (tensor !== undefined) return tensor.data as T;
  const names = [...tensors.keys()].join(", ");
  throw adapterError(`The file has no tensor "${name}", only: ${names}`);
}

/** A tensor that must be there. */
export interface ExpectedTensor {
  readonly name: string;
  /** Its type; null where the request named one that does not exist. */
  readonly dtype: TensorType | null;
  /** How many elements it has; null for any number. */
  readonly elements: number | null;
}

/**
 * Requires a tensor of an answer to have its type and size.
 *
 * @throws {AdapterFault} If it is missing, or of another type or size.
 */
export function expectTensor<T extends TensorData>(
  tensors: Tensors,
  expected: ExpectedTensor,
): T {
  const data = dataOf<T>(tensors, expected.name);
  const { dtype } = tensors.get(expected.name)!;
  if (expected.dtype !== null && dtype !== expected.dtype) {
    throw adapterError(
      `Tensor "${expected.name}" of the answer is ${dtype}; it must be ${expected.dtype}`,
    );
  }
  if (expected.elements !== null && data.length !== expected.elements) {
    throw adapterError(
      `Tensor "${expected.name}" of the answer has ${data.length} elements; it must have ` +
        `${expected.elements}`,
    );
  }
  return data;
}
