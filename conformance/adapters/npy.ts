/**
 * Reads NumPy's `.npy` (format 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html),
 * as far as block tables need it: little-endian numbers in row-major order.
 */
import { type Tensor, TENSOR_ARRAYS, TensorFileError, type TensorType } from "./safetensors.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const MAX_NPY_HEADER_BYTES = 64 << 10;

const TYPES: Readonly<Record<string, TensorType>> = {
  "|b1": "BOOL",
  "|u1": "U8",
  "|i1": "I8",
  "<u2": "U16",
  "<i2": "I16",
  "<f2": "F16",
  "<u4": "U32",
  "<i4": "I32",
  "<f4": "F32",
  "<u8": "U64",
  "<i8": "I64",
  "<f8": "F64",
};

/** What NumPy writes for element types of other packages. */
const NAMELESS: ReadonlySet<string> = new Set(["|V1", "<V2", "<f1", "|f1"]);

/** Tells whether a file is `.npy`, by its first bytes. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

/**
 * Reads one array.
 *
 * @throws {TensorFileError} If a length, the type, the order or the shape is not as it must be.
 */
export function readNpy(bytes: Uint8Array): Tensor {
  if (!isNpy(bytes) || bytes.length < 12) {
    throw new TensorFileError("Cannot read the array; a .npy file begins with '\\x93NUMPY'");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (bytes[6] ?? 0) >= 2;
  const start = wide ? 12 : 10;
  const headerBytes = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (headerBytes > MAX_NPY_HEADER_BYTES || start + headerBytes > bytes.length) {
    throw new TensorFileError(
      `Cannot read a header of ${headerBytes} bytes; it has at most ${MAX_NPY_HEADER_BYTES}, and ` +
        `ends inside the file of ${bytes.length} bytes`,
    );
  }
  const text = new TextDecoder("latin1").decode(bytes.subarray(start, start + headerBytes));
  const descr = /'descr':\s*'([^']{1,8})'/.exec(text)?.[1] ?? "";
  if (NAMELESS.has(descr)) {
    throw new TensorFileError(
      `Cannot read an array of '${descr}': NumPy writes types that it lacks (bfloat16, float8) ` +
        "without their names; save array.view(numpy.uint8), or a safetensors file, which names them",
    );
  }
  const dtype = TYPES[descr];
  const shape = readShape(text);
  if (dtype === undefined || shape === null || !/'fortran_order':\s*False/.test(text)) {
    throw new TensorFileError(
      `Cannot read an array of header ${JSON.stringify(text.trim().slice(0, 120))}; save numbers ` +
        "in row-major order, little-endian, as numpy.save of a contiguous array does",
    );
  }
  const data = bytes.slice(start + headerBytes);
  const array = TENSOR_ARRAYS[dtype];
  const expected = shape.reduce((product, size) => product * size, array.BYTES_PER_ELEMENT);
  if (expected !== data.length) {
    throw new TensorFileError(
      `Cannot read ${data.length} bytes as ${dtype} [${shape}], which has ${expected}`,
    );
  }
  return { dtype, shape, data: new array(data.buffer) };
}

function readShape(text: string): number[] | null {
  const inside = /'shape':\s*\(([\d\s,]{0,200})\)/.exec(text)?.[1];
  if (inside === undefined) return null;
  const sizes = inside.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return sizes.every((size) => Number.isSafeInteger(Number(size))) ? sizes.map(Number) : null;
}
