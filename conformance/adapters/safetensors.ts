/**
 * Reads and writes safetensors: eight bytes of header length, a JSON header, then the bytes of the
 * tensors one after the other (https://github.com/huggingface/safetensors, format 0.4).
 *
 * The reader trusts nothing: every length is bounded before it is used, and tensors must fill the
 * file without overlap or gap.
 */

/** The array behind each element type, by the names that the format gives them. */
export const TENSOR_ARRAYS = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  F8_E4M3: Uint8Array,
  F8_E5M2: Uint8Array,
  U16: Uint16Array,
  I16: Int16Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  U32: Uint32Array,
  I32: Int32Array,
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
} as const;

/** Element types, by the names that the format gives them. */
export type TensorType = keyof typeof TENSOR_ARRAYS;

/** Typed arrays that stand behind the element types. */
export type TensorData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Types that are told by their array alone. */
const PLAIN_TYPES = ["U8", "I8", "U16", "I16", "U32", "I32", "F32", "F64", "I64", "U64"] as const;

/**
 * Names the plain element type of an array.
 *
 * @throws {TypeError} If it is no typed array that travels.
 */
export function plainType(data: TensorData): TensorType {
  const found = PLAIN_TYPES.find((type) => data instanceof TENSOR_ARRAYS[type]);
  if (found !== undefined) return found;
  throw new TypeError(`Cannot send ${Object.prototype.toString.call(data)}; give a typed array`);
}

/** One tensor. */
export interface Tensor {
  /** Element type; 16-bit floats are held as their bits. */
  readonly dtype: TensorType;
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Elements, row-major. */
  readonly data: TensorData;
}

/** Tensors by name. */
export type Tensors = ReadonlyMap<string, Tensor>;

/** The most bytes that a header may have. */
export const MAX_HEADER_BYTES = 1 << 20;
/** The most tensors that a file may have. */
export const MAX_TENSORS = 256;

const LENGTH_BYTES = 8;
const MAX_RANK = 8;

/** A file that is not what the format says. */
export class TensorFileError extends Error {
  /** Always `tensor-file`. */
  readonly code = "tensor-file";
  /** Always `TensorFileError`. */
  override readonly name = "TensorFileError";
}

/**
 * Writes tensors.
 *
 * @param tensors Tensors by name; each has as many elements as its shape says.
 * @returns The bytes of the file, the header padded so that the data starts at a multiple of eight.
 * @throws {TensorFileError} If a tensor's shape, type and data do not fit together.
 */
export function writeTensors(tensors: Tensors): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  let dataBytes = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const elements = countElements(shape);
    if (!(data instanceof TENSOR_ARRAYS[dtype]) || elements !== data.length) {
      throw new TensorFileError(
        `Cannot write tensor "${name}" of ${data.length} elements as ${dtype} [${shape}]; ` +
          "give as many elements as the shape has, in an array of that type",
      );
    }
    const end = dataBytes + data.byteLength;
    Object.defineProperty(header, name, {
      value: { dtype, shape, data_offsets: [dataBytes, end] },
      enumerable: true,
    });
    dataBytes = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / LENGTH_BYTES) * LENGTH_BYTES;
  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  bytes.set(text, LENGTH_BYTES);
  let offset = LENGTH_BYTES + headerBytes;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * Reads tensors.
 *
 * @returns Tensors by name, in the order of their data, each with elements of its own.
 * @throws {TensorFileError} If any length, type, shape or offset is not as it must be.
 */
export function readTensors(bytes: Uint8Array): Tensors {
  const { header, data } = readHeader(bytes);
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  if (entries.length > MAX_TENSORS) {
    throw new TensorFileError(
      `Cannot read ${entries.length} tensors; at most ${MAX_TENSORS} are taken from one file`,
    );
  }
  const placed = entries.map(([name, entry]) => ({ name, ...readEntry(name, entry) }))
    .sort((first, second) => first.begin - second.begin || first.end - second.end);
  let expected = 0;
  for (const { name, begin, end } of placed) {
    if (begin !== expected) {
      const how = begin < expected ? "overlap" : "leave a gap";
      throw new TensorFileError(
        `Cannot place tensor "${name}" at byte ${begin}: tensors ${how} there; start at ${expected}`,
      );
    }
    expected = end;
  }
  if (expected !== data.length) {
    throw new TensorFileError(
      `Cannot read ${data.length} bytes of data: the header describes ${expected}; the tensors ` +
        "must fill the file",
    );
  }
  return new Map(placed.map(({ name, dtype, shape, begin, end }) => [
    name,
    { dtype, shape, data: new TENSOR_ARRAYS[dtype](data.slice(begin, end).buffer) },
  ]));
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  if (bytes.length < LENGTH_BYTES) {
    throw new TensorFileError(
      `Cannot read a header length from ${bytes.length} bytes; a file has at least ${LENGTH_BYTES}`,
    );
  }
  const declared = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const limit = Math.min(MAX_HEADER_BYTES, bytes.length - LENGTH_BYTES);
  if (declared > limit) {
    throw new TensorFileError(
      `Cannot read a header of ${declared} bytes; it has at most ${MAX_HEADER_BYTES}, and ends ` +
        `inside the file of ${bytes.length} bytes`,
    );
  }
  const end = LENGTH_BYTES + Number(declared);
  let header: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(
      bytes.subarray(LENGTH_BYTES, end),
    );
    header = JSON.parse(text);
  } catch (cause) {
    throw new TensorFileError("Cannot read the header; it must be a JSON object in UTF-8", {
      cause,
    });
  }
  if (!isRecord(header)) {
    throw new TensorFileError("Cannot read the header; it must be a JSON object in UTF-8");
  }
  return { header, data: bytes.subarray(end) };
}

function readEntry(
  name: string,
  entry: unknown,
): { dtype: TensorType; shape: readonly number[]; begin: number; end: number } {
  const refuse = (what: string): never => {
    throw new TensorFileError(`Cannot read tensor "${name.slice(0, 80)}": ${what}`);
  };
  if (!isRecord(entry)) return refuse("its header entry must be an object");
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(TENSOR_ARRAYS, dtype)) {
    const known = Object.keys(TENSOR_ARRAYS).join(", ");
    return refuse(`its type ${JSON.stringify(dtype)?.slice(0, 40)} is none of ${known}`);
  }
  if (!isSizes(shape) || shape.length > MAX_RANK) {
    return refuse(`its shape must be at most ${MAX_RANK} whole numbers of at least 0`);
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    return refuse("its data_offsets must be two whole numbers of at least 0");
  }
  const [begin = 0, end = 0] = offsets;
  const type = dtype as TensorType;
  const bytes = countElements(shape) * TENSOR_ARRAYS[type].BYTES_PER_ELEMENT;
  if (end - begin !== bytes) {
    return refuse(`bytes ${begin} to ${end} do not hold ${dtype} [${shape}] of ${bytes} bytes`);
  }
  return { dtype: type, shape, begin, end };
}

function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
