/**
 * Rotary position embedding (Su et al., "RoFormer", 2021) in float64.
 *
 * Pair i of R / 2 turns by position · θ^(−2i/R). An angle computed in float32 is off by up to
 * position · 2^−24: 0.008 rad at position 131,072, far more than 16-bit storage hides. This project's
 * programs therefore read sines and cosines that were computed in float64 and rounded once to
 * float32, as `rotaryTable` gives them. Engines compute angles in float32, or keep a table of the
 * model's type; `rotationError` says how far that may be off.
 */

import type { Arithmetic } from "./arithmetic.ts";
import type { Rotary } from "./problem.ts";
import { roundingTo, UNIT_ROUNDOFF } from "./rounding_model.ts";
import type { StorageType } from "./storage_type.ts";

/** The angle that a pair turns by, in radians. */
function angle(positionTokens: number, pair: number, rotary: Rotary): number {
  return positionTokens * rotary.theta ** (-2 * pair / rotary.rotaryDimensions);
}

/** The pair that a rotated element belongs to. */
function pairOf(element: number, { style, rotaryDimensions }: Rotary): number {
  return style === "interleaved" ? Math.floor(element / 2) : element % (rotaryDimensions / 2);
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
  const [first, second] = pairElements(pairOf(o.element, o.rotary), o.rotary);
  return Math.hypot(vector[first], vector[second]);
}

/** Two rounded products of a rounded sine or cosine, and their sum: 3 roundings each. */
const PRODUCT_ROUNDINGS = 4;
/** A power of float32 by a library, its reciprocal and the product with the position. */
const ANGLE_ROUNDINGS = 8;

/**
 * Largest error of a rotated element before it is stored. Derived in docs/arithmetic.md.
 *
 * @param vector [D] values, before or after rotation.
 * @param o The element, its token's position, and how the rotation was computed.
 * @returns The error, absolute; 0 for an element that passes through.
 */
export function rotationError(
  vector: Float64Array,
  o: {
    readonly element: number;
    readonly positionTokens: number;
    readonly rotary: Rotary;
    readonly rotation: Arithmetic["rotation"];
    readonly storage: StorageType;
  },
): number {
  const length = pairLength(vector, o);
  if (length === 0) return 0;
  const { theta, rotaryDimensions } = o.rotary;
  const pair = pairOf(o.element, o.rotary);
  const exponent = 2 * pair / rotaryDimensions;
  const angleRoundings = ANGLE_ROUNDINGS + Math.abs(Math.log(theta)) * exponent;
  const turned = angle(o.positionTokens, pair, o.rotary) * angleRoundings * UNIT_ROUNDOFF;
  const { relative, absolute } = roundingTo(o.rotation, {
    storage: o.storage,
    rounding: "nearest",
  });
  // A sine, a cosine and two products are rounded; |a cos| + |b sin| is the pair's length at most.
  const rounded = length * (2 + relative) * relative + (2 * length + 2) * absolute;
  return Math.min(2 * length, length * (PRODUCT_ROUNDINGS * UNIT_ROUNDOFF + turned) + rounded);
}
