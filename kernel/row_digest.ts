/**
 * Digest of an output row: 64 bits that a program gives away before it is told which rows it will be asked
 * for, so that it has to have computed all of them.
 *
 * A row is [G, D] bits of 16, taken as words of 32, the earlier element low. With all products and sums
 * modulo 2^32, from a = b = 0, for each word w:
 *
 *     a = (a ^ w) · 0x2C1B3C6D
 *     a = a ^ (a >>> 15)
 *     b = (b + a) · 0x297A2D39
 *     b = b ^ (b >>> 13)
 *     a = a + b
 *
 * The digest is (a, b). Each word changes what all later ones do, so that a row cannot be trimmed to a
 * digest by small changes that its error bound allows, short of trying some 2^32 of them.
 */

/**
 * The digest of a row.
 *
 * @param row [G, D] bits; an odd number of elements ends with a 0.
 */
export function digestRow(row: Uint16Array): readonly [a: number, b: number] {
  let [a, b] = [0, 0];
  for (let index = 0; index < row.length; index += 2) {
    const word = row[index] | (row[index + 1] ?? 0) << 16;
    a = Math.imul(a ^ word, 0x2C1B3C6D);
    a ^= a >>> 15;
    b = Math.imul(b + a | 0, 0x297A2D39);
    b ^= b >>> 13;
    a = a + b | 0;
  }
  return [a >>> 0, b >>> 0];
}

/**
 * Digests of all rows of outputs.
 *
 * @param outputs Rows of [G, D] bits, one after the other.
 * @param rowElements G · D.
 * @returns [rows, 2].
 */
export function digestRows(outputs: Uint16Array, rowElements: number): Uint32Array<ArrayBuffer> {
  const digests = new Uint32Array(2 * outputs.length / rowElements);
  for (let row = 0; 2 * row < digests.length; row++) {
    digests.set(digestRow(outputs.subarray(row * rowElements, (row + 1) * rowElements)), 2 * row);
  }
  return digests;
}
