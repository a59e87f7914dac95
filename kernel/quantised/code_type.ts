// deno-lint-ignore-file camelcase -- names of the field and of the format that is read
/**
 * Codes of quantised caches: what each bit pattern stands for before its scale, and the code that is
 * nearest to a number.
 *
 * `fp8_e4m3` is the finite-only variant (e4m3fn) and `fp8_e5m2` the IEEE-like one of the OCP 8-bit
 * floating-point specification (2023); `fp4_e2m1` is that of the OCP microscaling formats (2023).
 * `int4` codes are unsigned and stand for themselves minus a zero point.
 */

import { CODE_BITS } from "../../allocator/mod.ts";

/** How one element of a quantised cache is stored, its scale apart. */
export type CodeType = "int8" | "fp8_e4m3" | "fp8_e5m2" | "int4" | "fp4_e2m1";

/** What the arithmetic of a code type needs to know. */
export interface CodeFormat {
  /** Bits of a code: 8, or 4 with two codes in a byte, the element of lower index low. */
  readonly bits: 4 | 8;
  /** Largest value that appending gives; larger numbers saturate. */
  readonly largest: number;
  /** A code that is not a number, as poison; null where every code is one. */
  readonly notANumber: number | null;
}

/** Formats by code type. */
export const CODE_FORMATS: Readonly<Record<CodeType, CodeFormat>> = {
  int8: { bits: CODE_BITS.int8, largest: 127, notANumber: null },
  fp8_e4m3: { bits: CODE_BITS.fp8_e4m3, largest: 448, notANumber: 0x7f },
  fp8_e5m2: { bits: CODE_BITS.fp8_e5m2, largest: 57344, notANumber: 0x7f },
  int4: { bits: CODE_BITS.int4, largest: 15, notANumber: null },
  fp4_e2m1: { bits: CODE_BITS.fp4_e2m1, largest: 6, notANumber: null },
};

/** Exponent and significand bits, exponent bias, and the first magnitude code that is no finite number. */
const FLOATS = {
  fp8_e4m3: { significand: 3, bias: 7, end: 0x7f, sign: 0x80, infinity: -1 },
  fp8_e5m2: { significand: 2, bias: 15, end: 0x7c, sign: 0x80, infinity: 0x7c },
  fp4_e2m1: { significand: 1, bias: 1, end: 8, sign: 8, infinity: -1 },
} as const;

function decode(type: CodeType, code: number): number {
  if (type === "int8") return (code << 24) >> 24;
  if (type === "int4") return code;
  const { significand, bias, end, sign, infinity } = FLOATS[type];
  const magnitude = code & (sign - 1);
  const signed = (code & sign) === 0 ? 1 : -1;
  if (magnitude >= end) return magnitude === infinity ? signed * Infinity : NaN;
  const exponent = magnitude >> significand;
  const fraction = magnitude & ((1 << significand) - 1);
  return exponent === 0
    ? signed * fraction * 2 ** (1 - bias - significand)
    : signed * (fraction + (1 << significand)) * 2 ** (exponent - bias - significand);
}

function tableOf(type: CodeType): Float32Array {
  return Float32Array.from(
    { length: 1 << CODE_FORMATS[type].bits },
    (_, code) => decode(type, code),
  );
}

/**
 * Values of every code, indexed by the code's bits: [256] or [16]. Of `int4` the zero point is still
 * to be subtracted. Callers must not change them.
 */
export const CODE_VALUES: Readonly<Record<CodeType, Float32Array>> = {
  int8: tableOf("int8"),
  fp8_e4m3: tableOf("fp8_e4m3"),
  fp8_e5m2: tableOf("fp8_e5m2"),
  int4: tableOf("int4"),
  fp4_e2m1: tableOf("fp4_e2m1"),
};

/** The integer nearest to a number, ties to even. */
function roundTiesToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * The code nearest to a number, ties to even codes, saturating at the largest finite value (±127 for
 * `int8`, 0 and 15 for `int4`).
 *
 * @param value A number in units of the scale; for `int4` the zero point is already added.
 * @returns The code. NaN gives the code that is not a number where there is one, and 0 elsewhere.
 */
export function encodeCode(type: CodeType, value: number): number {
  const { largest, notANumber } = CODE_FORMATS[type];
  if (Number.isNaN(value)) return notANumber ?? 0;
  if (type === "int4") return Math.max(0, Math.min(largest, roundTiesToEven(value)));
  if (type === "int8") {
    return Math.max(-largest, Math.min(largest, roundTiesToEven(value))) & 0xff;
  }
  const { significand, bias, sign } = FLOATS[type];
  const signBit = value < 0 || Object.is(value, -0) ? sign : 0;
  const magnitude = Math.min(Math.abs(value), largest);
  let exponent = magnitude > 0 ? Math.floor(Math.log2(magnitude)) : 1 - bias;
  // log2 rounds: a value just below a power of two may be reported as that power.
  if (2 ** exponent > magnitude) exponent--;
  exponent = Math.max(exponent, 1 - bias);
  // In steps of this exponent's spacing, codes count on through powers of two.
  const steps = roundTiesToEven(magnitude / 2 ** (exponent - significand));
  const code = steps + ((exponent + bias - 1) << significand);
  return signBit | code;
}

/** Whether a code stands for a finite number. */
export function isFiniteCode(type: CodeType, code: number): boolean {
  return Number.isFinite(CODE_VALUES[type][code]);
}
