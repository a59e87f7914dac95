/**
 * Rotary position embedding (Su et al., "RoFormer", 2021) in float64.
 *
 * Pair i of R / 2 turns by position · θ^(−2i/R). An angle computed in float32 is off by up to
 * position · 2^−24: 0.008 rad at position 131,072, far more than 16-bit storage hides. Kernels
 * therefore read sines and cosines that were computed in float64 and rounded once to float32, as
 * `rotaryTable` gives them.
 */

import type { Rotary } from "./problem.ts";

function angle(positionTokens: number, pair: number, rotary: Rotary): number {
  return positionTokens * rotary.theta ** (-2 * pair / rotary.rotaryDimensions);
}

/** Elements of a pair in a head vector. */
function pairElements(pair: number, rotary: Rotary): readonly [number, number] {
  return rotary.style === "interleaved"
    ? [2 * pair, 2 * pair + 1]
    : [pair, pair + rotary.rotaryDimensions / 2];
}

/**
 * Rotates one head vector by its absolute position.
 *
 * @param vector [D] values; left as they are.
 * @returns [D] rotated values.
 */
export function rotateVector(
  vector: Float64Array,
  o: { positionTokens: number; rotary: Rotary },
): Float64Array<ArrayBuffer> {
  const out = Float64Array.from(vector);
  if (o.rotary.style === "none") return out;
  for (let pair = 0; pair < o.rotary.rotaryDimensions / 2; pair++) {
    const [first, second] = pairElements(pair, o.rotary);
    const turn = angle(o.positionTokens, pair, o.rotary);
    const cosine = Math.cos(turn);
    const sine = Math.sin(turn);
    out[first] = vector[first] * cosine - vector[second] * sine;
    out[second] = vector[second] * cosine + vector[first] * sine;
  }
  return out;
}

/** Rounded cosines and sines, [positions, R / 2] each. */
export interface RotaryTable {
  readonly cosines: Float32Array<ArrayBuffer>;
  readonly sines: Float32Array<ArrayBuffer>;
}

/**
 * Cosines and sines of a list of positions, computed in float64 and rounded once to float32.
 *
 * @param rotary The rotation; style `none` gives empty tables.
 * @returns [positions, R / 2] cosines and sines.
 */
export function rotaryTable(rotary: Rotary, positionsTokens: Int32Array): RotaryTable {
  const pairs = rotary.style === "none" ? 0 : rotary.rotaryDimensions / 2;
  const cosines = new Float32Array(positionsTokens.length * pairs);
  const sines = new Float32Array(positionsTokens.length * pairs);
  for (let i = 0; i < positionsTokens.length; i++) {
    for (let pair = 0; pair < pairs; pair++) {
      const turn = angle(positionsTokens[i], pair, rotary);
      cosines[i * pairs + pair] = Math.cos(turn);
      sines[i * pairs + pair] = Math.sin(turn);
    }
  }
  return { cosines, sines };
}

/**
 * Length of the pair that an element belongs to: rotation keeps it, so it bounds both products of a
 * rotated element.
 *
 * @param vector [D] values, before or after rotation.
 * @returns √(a² + b²), or 0 for an element that passes through.
 */
export function pairLength(
  vector: Float64Array,
  o: { element: number; rotary: Rotary },
): number {
  const { style, rotaryDimensions } = o.rotary;
  if (style === "none" || o.element >= rotaryDimensions) return 0;
  const pair = style === "interleaved"
    ? Math.floor(o.element / 2)
    : o.element % (rotaryDimensions / 2);
  const [first, second] = pairElements(pair, o.rotary);
  return Math.hypot(vector[first], vector[second]);
}
