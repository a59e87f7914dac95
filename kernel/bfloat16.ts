/** Conversions between bfloat16 bits and JavaScript numbers. */

const scratchFloat = new Float32Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);

/** Rounds float32 bits to bfloat16 bits, to nearest, ties to even; a NaN stays a quiet NaN. */
function roundBits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/**
 * Rounds a number to bfloat16, to nearest, ties to even, in one rounding.
 *
 * Overflow gives an infinity, tiny values give subnormals, NaN gives a quiet NaN.
 *
 * @returns The 16 bits, in 0…65535.
 */
export function encodeBfloat16(value: number): number {
  scratchFloat[0] = value;
  const nearest = scratchFloat[0];
  if (nearest !== value && value === value) {
    // Round to odd in float32 first: rounding to nearest twice would misplace values close to a tie.
    if (Math.abs(nearest) > Math.abs(value)) scratchBits[0] = scratchBits[0] - 1;
    scratchBits[0] = scratchBits[0] | 1;
  }
  return roundBits(scratchBits[0]);
}

/**
 * Gives the number that bfloat16 bits stand for, exactly.
 *
 * @param bits 16 bits, in 0…65535.
 * @returns The value; NaN bits give NaN.
 */
export function decodeBfloat16(bits: number): number {
  scratchBits[0] = bits << 16;
  return scratchFloat[0];
}

/**
 * Rounds an array of numbers to bfloat16 bits, element by element.
 *
 * @param values Float32 or float64 values.
 */
export function encodeBfloat16Array(values: Float32Array | Float64Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  if (values instanceof Float64Array) {
    for (let i = 0; i < out.length; i++) out[i] = encodeBfloat16(values[i]);
    return out;
  }
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < out.length; i++) out[i] = roundBits(bits[i]);
  return out;
}

/**
 * Decodes an array of bfloat16 bits, exactly.
 *
 * @param bits bfloat16 bits.
 * @returns Float32 values, as many as there are bits.
 */
export function decodeBfloat16Array(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(bits.length);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < words.length; i++) words[i] = bits[i] << 16;
  return out;
}
