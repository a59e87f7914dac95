/** Conversions between float16 (IEEE 754 binary16) bits and JavaScript numbers. */

const scratchHalf = new Float16Array(1);
const scratchBits = new Uint16Array(scratchHalf.buffer);

/**
 * Rounds a number to float16, to nearest, ties to even, in one rounding.
 *
 * Values from 65520 on give an infinity, tiny values give subnormals, NaN gives a quiet NaN.
 *
 * @returns The 16 bits, in 0…65535.
 */
export function encodeFloat16(value: number): number {
  scratchHalf[0] = value;
  return scratchBits[0];
}

/**
 * Gives the number that float16 bits stand for, exactly.
 *
 * @param bits 16 bits, in 0…65535.
 * @returns The value; NaN bits give NaN.
 */
export function decodeFloat16(bits: number): number {
  scratchBits[0] = bits;
  return scratchHalf[0];
}

/**
 * Rounds an array of numbers to float16 bits, element by element.
 *
 * @param values Float32 or float64 values.
 */
export function encodeFloat16Array(values: Float32Array | Float64Array): Uint16Array<ArrayBuffer> {
  const halves = new Float16Array(values.length);
  halves.set(values);
  return new Uint16Array(halves.buffer);
}

/**
 * Decodes an array of float16 bits, exactly.
 *
 * @param bits float16 bits.
 * @returns Float32 values, as many as there are bits.
 */
export function decodeFloat16Array(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(bits.length);
  out.set(new Float16Array(bits.buffer, bits.byteOffset, bits.length));
  return out;
}
