import assert from "node:assert/strict";
import fc from "fast-check";
import {
  MAX_HEADER_BYTES,
  readTensors,
  type Tensor,
  TensorFileError,
  type Tensors,
  writeTensors,
} from "./safetensors.ts";

/** A file with any header and so many zero bytes of data. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function entry(dtype: string, shape: unknown, begin: unknown, end: unknown): unknown {
  return { dtype, shape, data_offsets: [begin, end] };
}

const anyTensor: fc.Arbitrary<Tensor> = fc.record({
  kind: fc.constantFrom(
    "U8",
    "I8",
    "F8_E4M3",
    "F8_E5M2",
    "BF16",
    "F16",
    "I16",
    "I32",
    "U32",
    "F32",
    "F64",
    "I64",
    "U64",
  ),
  shape: fc.array(fc.nat({ max: 4 }), { maxLength: 4 }),
  seed: fc.nat(),
}).map(({ kind, shape, seed }) => {
  const elements = shape.reduce((product, size) => product * size, 1);
  const arrays = {
    U8: Uint8Array,
    I8: Int8Array,
    "F8_E4M3": Uint8Array,
    "F8_E5M2": Uint8Array,
    BF16: Uint16Array,
    F16: Uint16Array,
    I16: Int16Array,
    I32: Int32Array,
    U32: Uint32Array,
    F32: Float32Array,
    F64: Float64Array,
    I64: BigInt64Array,
    U64: BigUint64Array,
  };
  const array = arrays[kind as keyof typeof arrays];
  const bytes = new Uint8Array(elements * array.BYTES_PER_ELEMENT);
  bytes.forEach((_, index) => bytes[index] = (seed * 31 + index * 97) & 0x3f);
  return { dtype: kind, shape, data: new array(bytes.buffer) } as Tensor;
});

const anyTensors: fc.Arbitrary<Tensors> = fc.array(fc.tuple(fc.string(), anyTensor), {
  maxLength: 5,
}).map((entries) => new Map(entries.filter(([name]) => name !== "__metadata__")));

Deno.test("readTensors() gives back what writeTensors() wrote, whatever names and shapes", () => {
  fc.assert(
    fc.property(anyTensors, (tensors) => {
      const read = readTensors(writeTensors(tensors));
      assert.equal(read.size, tensors.size);
      for (const [name, tensor] of tensors) assert.deepEqual(read.get(name), tensor);
    }),
  );
});

Deno.test("readTensors() reads or refuses any mutation of a file, and never throws otherwise", () => {
  const change = fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(anyTensors, fc.array(change, { maxLength: 6 }), fc.nat({ max: 400 }), (
      tensors,
      changes,
      cut,
    ) => {
      const bytes = writeTensors(tensors);
      for (const [place, value] of changes) bytes[place % bytes.length] = value;
      try {
        readTensors(cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes);
      } catch (error) {
        assert.ok(error instanceof TensorFileError, String(error));
      }
    }),
  );
});

Deno.test("writeTensors() aligns the data to eight bytes", () => {
  const bytes = writeTensors(
    new Map([["x", { dtype: "F64", shape: [1], data: Float64Array.of(1) }]]),
  );
  assert.equal(bytes.length % 8, 0);
});

Deno.test("writeTensors() refuses elements that do not fit the shape or the type", () => {
  const short: Tensor = { dtype: "I32", shape: [3], data: Int32Array.of(1) };
  assert.throws(() => writeTensors(new Map([["x", short]])), /"x" of 1 elements as I32 \[3\]/);
  const other: Tensor = { dtype: "I32", shape: [1], data: Float32Array.of(1) };
  assert.throws(() => writeTensors(new Map([["x", other]])), TensorFileError);
});

const HOSTILE: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["no bytes", new Uint8Array(), /from 0 bytes/],
  ["a header past the end", Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0x7b), /header of 9 bytes/],
  ["a header of 2^64 − 1 bytes", new Uint8Array(16).fill(255), /18446744073709551615 bytes/],
  [
    "a header longer than the limit",
    fileOf(" ".repeat(MAX_HEADER_BYTES) + "{}"),
    /at most 1048576/,
  ],
  ["a header that is not JSON", fileOf("{"), /JSON object/],
  ["a header that is a list", fileOf("[]"), /JSON object/],
  ["a header that nests", fileOf("[".repeat(200_000)), /JSON object/],
  ["an entry that is null", fileOf({ x: null }), /must be an object/],
  ["an unknown type", fileOf({ x: entry("I128", [], 0, 16) }, 16), /its type "I128" is none of/],
  ["a type from the prototype", fileOf({ x: entry("toString", [], 0, 1) }, 1), /is none of/],
  ["a negative size", fileOf({ x: entry("U8", [-1], 0, 1) }, 1), /whole numbers of at least 0/],
  ["a fraction of a size", fileOf({ x: entry("U8", [0.5], 0, 1) }, 1), /whole numbers/],
  ["too many dimensions", fileOf({ x: entry("U8", Array(9).fill(1), 0, 1) }, 1), /at most 8/],
  [
    "a product past every number",
    fileOf({ x: entry("U8", Array(8).fill(2 ** 52), 0, 1) }, 1),
    /do not hold U8/,
  ],
  ["offsets that run backwards", fileOf({ x: entry("U8", [1], 1, 0) }, 1), /bytes 1 to 0/],
  ["offsets past the end", fileOf({ x: entry("U8", [9], 0, 9) }, 1), /header describes 9/],
  ["one offset", fileOf({ x: { dtype: "U8", shape: [1], data_offsets: [0] } }, 1), /must be two/],
  [
    "an overlap",
    fileOf({ x: entry("U8", [2], 0, 2), y: entry("U8", [2], 1, 3) }, 3),
    /"y" at byte 1: tensors overlap/,
  ],
  [
    "a gap",
    fileOf({ x: entry("U8", [1], 0, 1), y: entry("U8", [1], 2, 3) }, 3),
    /"y" at byte 2: tensors leave a gap/,
  ],
  ["bytes that no one names", fileOf({ x: entry("U8", [1], 0, 1) }, 2), /must fill the file/],
  [
    "too many tensors",
    fileOf(Object.fromEntries(Array.from({ length: 257 }, (_, i) => [i, entry("U8", [0], 0, 0)]))),
    /257 tensors; at most 256/,
  ],
];

for (const [name, bytes, message] of HOSTILE) {
  Deno.test(`readTensors() refuses ${name}`, () => {
    assert.throws(() => readTensors(bytes), (error) => {
      assert.ok(error instanceof TensorFileError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("readTensors() takes a file with metadata and an odd offset of its view", () => {
  const header = { __metadata__: { from: "somewhere" }, x: entry("I32", [1], 0, 4) };
  const file = fileOf(header, 4);
  const shifted = new Uint8Array(file.length + 1);
  shifted.set(file, 1);
  const read = readTensors(shifted.subarray(1));
  assert.deepEqual([...read.keys()], ["x"]);
});
