import assert from "node:assert/strict";
import fc from "fast-check";
import { isNpy, readNpy } from "./npy.ts";
import { TensorFileError } from "./safetensors.ts";
import { npyOf } from "./testing_dump.ts";

const TABLE = {
  descr: "<i4",
  shape: "(2, 2)",
  data: new Uint8Array(Int32Array.of(1, -1, 2, 3).buffer),
};

Deno.test("readNpy() reads the table that numpy.save wrote", () => {
  const tensor = readNpy(npyOf(TABLE));
  assert.equal(tensor.dtype, "I32");
  assert.deepEqual(tensor.shape, [2, 2]);
  assert.deepEqual(tensor.data, Int32Array.of(1, -1, 2, 3));
});

Deno.test("readNpy() tells int64 from int32", () => {
  const data = new Uint8Array(BigInt64Array.of(7n).buffer);
  assert.equal(readNpy(npyOf({ descr: "<i8", shape: "(1,)", data })).dtype, "I64");
});

Deno.test("readNpy() reads codes of one byte, signed and not", () => {
  const data = Uint8Array.of(0x80, 0x7f, 0, 0xff);
  const signed = readNpy(npyOf({ descr: "|i1", shape: "(2, 2)", data }));
  assert.equal(signed.dtype, "I8");
  assert.deepEqual(signed.data, Int8Array.of(-128, 127, 0, -1));
  const bytes = readNpy(npyOf({ descr: "|u1", shape: "(4,)", data }));
  assert.equal(bytes.dtype, "U8");
  assert.deepEqual(bytes.data, data);
});

Deno.test("readNpy() says how to save the 8-bit floats that NumPy has no name for", () => {
  for (const descr of ["|V1", "<V2", "<f1"]) {
    const file = npyOf({ descr, shape: "(4,)", data: new Uint8Array(descr === "<V2" ? 8 : 4) });
    assert.throws(() => readNpy(file), /view\(numpy\.uint8\)/, descr);
  }
});

Deno.test("readNpy() refuses other orders, types, shapes and lengths", () => {
  const refused = [
    { ...TABLE, order: "True" },
    { ...TABLE, descr: ">i4" },
    { ...TABLE, descr: "|O" },
    { ...TABLE, shape: "(2, 3)" },
    { ...TABLE, shape: "(99999999999999999999,)" },
    { ...TABLE, shape: "2" },
  ];
  for (const file of refused) assert.throws(() => readNpy(npyOf(file)), TensorFileError);
});

Deno.test("readNpy() reads or refuses any mutation of a file, and never throws otherwise", () => {
  const change = fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 5 }), fc.nat({ max: 300 }), (changes, cut) => {
      const bytes = npyOf(TABLE);
      for (const [place, value] of changes) bytes[place % bytes.length] = value;
      try {
        readNpy(bytes.subarray(0, cut));
      } catch (error) {
        assert.ok(error instanceof TensorFileError, String(error));
      }
    }),
  );
});

Deno.test("isNpy() tells the two formats apart", () => {
  assert.ok(isNpy(npyOf(TABLE)));
  assert.ok(!isNpy(new Uint8Array(16)));
});
