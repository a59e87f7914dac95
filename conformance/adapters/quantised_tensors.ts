/** The sides of a quantised cache as tensors of the protocol, and back. */
import {
  type AttentionShape,
  formatName,
  parseFormat,
  type QuantisedFormat,
  type QuantisedTensor,
  rowBytes,
  rowsShape,
  scaleShape,
  type ScaleView,
} from "../../kernel/mod.ts";
import { adapterError } from "./adapter_fault.ts";
import { withoutUndefined } from "./protocol/command.ts";
import {
  plainType,
  type Tensor,
  type TensorData,
  type Tensors,
  type TensorType,
} from "./safetensors.ts";

/** A side of a cache. */
export type Side = "keys" | "values";

/** Fields of a shape and of a problem that say how a side is quantised. */
export const SIDE_FIELDS = {
  keys: { format: "keyFormat", tensor: "quantisedKeys" },
  values: { format: "valueFormat", tensor: "quantisedValues" },
} as const;

/** Names of a side's tensors. */
export const SIDE_TENSORS = {
  keys: {
    codes: "keys",
    scales: "keyScales",
    zeros: "keyZeros",
    tensorScale: "keyTensorScale",
  },
  values: {
    codes: "values",
    scales: "valueScales",
    zeros: "valueZeros",
    tensorScale: "valueTensorScale",
  },
} as const;

/** What each of them holds; the codes stand in place of the keys and values of a 16-bit cache. */
export const QUANTISED_TENSORS = {
  keyScales: "scale type [1], [H], [H, D], [N, H, P] or [N, H, P, D/16], if scales lie apart",
  keyZeros: "scale type [H, D] zero points, if the codes are int4",
  keyTensorScale: "F32 [1] above the scales of blocks, if the codes are fp4_e2m1",
  valueScales: "like keyScales",
  valueZeros: "like keyZeros",
  valueTensorScale: "like keyTensorScale",
};

const SCALE_TENSORS: Readonly<Record<QuantisedFormat["scaleType"], TensorType>> = {
  f32: "F32",
  f16: "F16",
  bf16: "BF16",
  "fp8_e4m3": "F8_E4M3",
};

/** Type that codes travel as; rows of two codes a byte, or with a scale inside, are bytes. */
function codeTensorType({ codes, granularity }: QuantisedFormat): TensorType {
  if (granularity === "inline") return "U8";
  switch (codes) {
    case "int8":
      return "I8";
    case "fp8_e4m3":
      return "F8_E4M3";
    case "fp8_e5m2":
      return "F8_E5M2";
    default:
      return "U8";
  }
}

/** A format that exists; problems under test may name one that does not. */
function known(format: QuantisedFormat): QuantisedFormat | null {
  return parseFormat(formatName(format));
}

function elementsOf(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}

function shaped(dtype: TensorType, data: TensorData, sizes: readonly number[]): Tensor {
  const fills = sizes.every(Number.isSafeInteger) && elementsOf(sizes) === data.length;
  return { dtype, shape: fills ? sizes : [data.length], data };
}

/** The type of an array of scales: the format's, what it says of itself, or its own. */
function scaleTensorType(
  data: TensorData,
  o: { readonly format: QuantisedFormat; readonly said?: string | undefined },
): TensorType {
  const dtype = SCALE_TENSORS[(o.said ?? o.format.scaleType) as QuantisedFormat["scaleType"]];
  const fits = dtype === "F32"
    ? data instanceof Float32Array
    : dtype === "F8_E4M3"
    ? data instanceof Uint8Array
    : data instanceof Uint16Array;
  return dtype !== undefined && fits ? dtype : plainType(data);
}

/**
 * Packs a side of a quantised cache.
 *
 * @returns Tensors by the names of {@linkcode SIDE_TENSORS}.
 */
export function packSide(
  tensor: QuantisedTensor,
  o: { readonly side: Side; readonly format: QuantisedFormat; readonly shape: AttentionShape },
): Map<string, Tensor> {
  const { format, shape } = o;
  const names = SIDE_TENSORS[o.side];
  const tensors = new Map<string, Tensor>();
  const { codes, scales, zeros, tensorScale, scaleView } = tensor;
  const exists = known(format) !== null;
  if (codes !== undefined) {
    const isBytes = (codes as TensorData) instanceof Uint8Array;
    const dtype = isBytes ? codeTensorType(format) : plainType(codes);
    const data = isBytes && dtype === "I8"
      ? new Int8Array(codes.buffer, codes.byteOffset, codes.length)
      : codes;
    const sizes = exists ? [...rowsShape(shape), rowBytes(format, shape.headSize)] : [];
    tensors.set(names.codes, shaped(dtype, data, sizes));
  }
  if (scales !== undefined) {
    const dtype = scaleTensorType(scales, { format, said: scaleView?.type });
    const sizes = scaleView?.shape ?? (exists ? scaleShape(format, shape).sizes : []);
    tensors.set(names.scales, shaped(dtype, scales, sizes));
  }
  const channels = [shape.kvHeads, shape.headSize];
  if (zeros !== undefined) {
    tensors.set(names.zeros, shaped(scaleTensorType(zeros, { format }), zeros, channels));
  }
  if (tensorScale !== undefined) {
    tensors.set(names.tensorScale, shaped(plainType(tensorScale), tensorScale, [1]));
  }
  return tensors;
}

/** Bytes of codes; a tensor of another type than the format's is left as it is, for a check to name. */
function codeBytes(tensor: Tensor | undefined, format: QuantisedFormat): Uint8Array {
  if (tensor === undefined) return undefined as unknown as Uint8Array;
  const { dtype, data } = tensor;
  if (dtype !== codeTensorType(format)) {
    // The same bytes under another name (e4m3 for e5m2) must not pass for the format's.
    const other: TensorData = data instanceof Uint8Array ? new Int8Array(data.buffer) : data;
    return other as unknown as Uint8Array;
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

/** What a tensor of scales says of itself. */
function viewOf(tensor: Tensor, strides: readonly number[] | undefined): ScaleView {
  const type = Object.entries(SCALE_TENSORS).find(([, dtype]) => dtype === tensor.dtype)?.[0];
  return withoutUndefined({ type: type ?? tensor.dtype, shape: tensor.shape, strides });
}

/**
 * Puts a side of a quantised cache together again.
 *
 * @returns The side, as faulty as it was; what is missing is missing.
 */
export function unpackSide(
  tensors: Tensors,
  o: {
    readonly side: Side;
    readonly format: QuantisedFormat;
    readonly strides?: readonly number[] | undefined;
  },
): QuantisedTensor {
  const names = SIDE_TENSORS[o.side];
  const scales = tensors.get(names.scales);
  return {
    codes: codeBytes(tensors.get(names.codes), o.format),
    ...withoutUndefined({
      scales: scales?.data as QuantisedTensor["scales"],
      scaleView: scales && viewOf(scales, o.strides),
      zeros: tensors.get(names.zeros)?.data as QuantisedTensor["zeros"],
      tensorScale: tensors.get(names.tensorScale)?.data as QuantisedTensor["tensorScale"],
    }),
  };
}

/** Whether appending writes the tensor of scales: those that belong to one token. */
function hasWrittenScales({ granularity }: QuantisedFormat): boolean {
  return granularity === "token" || granularity === "block";
}

/** Packs a side after an append: its codes, and scales where tokens have their own. */
export function packAppended(
  tensor: QuantisedTensor,
  o: { readonly side: Side; readonly format: QuantisedFormat; readonly shape: AttentionShape },
): Map<string, Tensor> {
  const { codes, scales } = tensor;
  const keptScales = hasWrittenScales(o.format) && scales !== undefined ? { scales } : {};
  return packSide({ codes, ...keptScales }, o);
}

/** Refuses a tensor of an answer that is missing, or of another type or size. */
function answered(tensors: Tensors, name: string, wanted: Tensor): Tensor {
  const tensor = tensors.get(name);
  const elements = wanted.data.length;
  if (tensor?.dtype === wanted.dtype && tensor.data.length === elements) return tensor;
  const found = tensor === undefined
    ? "is missing"
    : `is ${tensor.dtype} of ${tensor.data.length} elements`;
  throw adapterError(
    `Tensor "${name}" of the answer ${found}; it must be ${wanted.dtype} of ${elements}`,
  );
}

/**
 * Takes a side after an append out of an answer.
 *
 * @param before The side before the append, whose scales stand where tokens share them.
 * @throws {AdapterFault} If a tensor is missing, or of another type or size.
 */
export function unpackAppended(
  tensors: Tensors,
  before: QuantisedTensor,
  o: { readonly side: Side; readonly format: QuantisedFormat; readonly shape: AttentionShape },
): QuantisedTensor {
  const wanted = packAppended(before, o);
  const taken = new Map([...wanted].map(([name, each]) => [name, answered(tensors, name, each)]));
  const { codes, scales } = unpackSide(taken, o);
  return { ...before, codes, ...(scales === undefined ? {} : { scales }) };
}
