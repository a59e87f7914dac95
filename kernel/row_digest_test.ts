import assert from "node:assert/strict";
import { digestRow, digestRows } from "./row_digest.ts";

Deno.test("digestRow() follows its formula word by word", () => {
  const word = 2 | 3 << 16;
  let a = BigInt(word) * 0x2C1B3C6Dn % 2n ** 32n;
  a ^= a >> 15n;
  let b = a * 0x297A2D39n % 2n ** 32n;
  b ^= b >> 13n;
  a = (a + b) % 2n ** 32n;
  assert.deepEqual(digestRow(Uint16Array.of(2, 3)), [Number(a), Number(b)]);
});

Deno.test("a change of one bit anywhere changes both words of a digest", () => {
  const row = Uint16Array.from({ length: 640 }, (_, index) => index * 977);
  const [a, b] = digestRow(row);
  for (let index = 0; index < row.length; index++) {
    const changed = row.slice();
    changed[index] ^= 1;
    const other = digestRow(changed);
    assert.ok(other[0] !== a && other[1] !== b);
  }
});

Deno.test("digestRows() takes rows one after the other", () => {
  const outputs = Uint16Array.of(1, 2, 3, 4, 5, 6);
  assert.deepEqual([...digestRows(outputs, 2)], [
    ...digestRow(Uint16Array.of(1, 2)),
    ...digestRow(Uint16Array.of(3, 4)),
    ...digestRow(Uint16Array.of(5, 6)),
  ]);
});
