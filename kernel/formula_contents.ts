/**
 * Contents by formula: every element of a cache, a query and the learned sinks as a function of where it
 * stands, in 32-bit integer arithmetic that any language gives alike. A program elsewhere fills its own
 * caches by it, and nothing is copied; a reference computes the keys that it needs when it needs them.
 *
 * With all products and sums modulo 2^32:
 *
 *     x = 0x9E3779B1·seed + 0x85EBCA77·layer + 0xC2B2AE3D·page + 0x27D4EB2F·head
 *       + 0x165667B1·slot + 0xD3A2646D·element + 0xFD7046C5·tensor
 *     x = (x ^ (x >>> 15)) · 0x2C1B3C6D
 *     x = (x ^ (x >>> 12)) · 0x297A2D39
 *     x = x ^ (x >>> 15)
 *     n = x >>> 28
 *
 * Keys (tensor 0) and values (tensor 1) are (n − 8) / 8, queries (tensor 2) n − 8, so that scores are
 * peaked, and learned sink logits (tensor 3) n − 8. All are exact in bf16, f16 and f32.
 */

import { encodeValues, type StorageType } from "./storage_type.ts";

/** Tensors that the formula tells apart, by number. */
export const FORMULA_TENSORS = { keys: 0, values: 1, query: 2, sinkLogits: 3 } as const;

/** Where an element stands. */
export interface FormulaPlace {
  /** Seed of the whole. */
  readonly seed: number;
  /** Layer whose cache it is; 0 for queries and sinks. */
  readonly layer: number;
  /** Page id; the step's number for queries, 0 for sinks. */
  readonly page: number;
  /** KV head, 0 in a `pooled` cache; the query head for queries and sinks. */
  readonly head: number;
  /** Token within the page; the token within the step for queries, 0 for sinks. */
  readonly slot: number;
  /** Which tensor. */
  readonly tensor: keyof typeof FORMULA_TENSORS;
}

/** The number from 0 to 15 that stands at an element. */
export function formulaNumber(place: FormulaPlace, element: number): number {
  return mix(base(place) + Math.imul(0xD3A2646D, element) | 0);
}

/**
 * Fills a vector with bits of a storage type.
 *
 * @param o First element to write and how many, the storage type, and where the vector stands.
 */
export function fillByFormula(
  into: Uint16Array,
  o: FormulaPlace & {
    readonly offset: number;
    readonly elements: number;
    readonly storage: StorageType;
  },
): void {
  const codes = o.tensor === "query" ? CODES[o.storage].whole : CODES[o.storage].eighths;
  let x = base(o);
  for (let i = 0; i < o.elements; i++) {
    into[o.offset + i] = codes[mix(x)];
    x = x + 0xD3A2646D | 0;
  }
}

/** Learned sink logits of a layer, [Hq] in float32. */
export function sinkLogitsByFormula(seed: number, heads: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: heads },
    (_, head) =>
      formulaNumber({ seed, layer: 0, page: 0, head, slot: 0, tensor: "sinkLogits" }, 0) - 8,
  );
}

function base(o: FormulaPlace): number {
  return Math.imul(0x9E3779B1, o.seed) + Math.imul(0x85EBCA77, o.layer) +
      Math.imul(0xC2B2AE3D, o.page) + Math.imul(0x27D4EB2F, o.head) +
      Math.imul(0x165667B1, o.slot) + Math.imul(0xFD7046C5, FORMULA_TENSORS[o.tensor]) | 0;
}

function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 15), 0x2C1B3C6D);
  x = Math.imul(x ^ (x >>> 12), 0x297A2D39);
  return (x ^ (x >>> 15)) >>> 28;
}

const NUMBERS = Array.from({ length: 16 }, (_, n) => n - 8);
const CODES = {
  bf16: codesOf("bf16"),
  f16: codesOf("f16"),
} as const satisfies Record<StorageType, unknown>;

function codesOf(storage: StorageType): { readonly whole: Uint16Array; eighths: Uint16Array } {
  return {
    whole: encodeValues(storage, Float64Array.from(NUMBERS)),
    eighths: encodeValues(storage, Float64Array.from(NUMBERS, (n) => n / 8)),
  };
}
