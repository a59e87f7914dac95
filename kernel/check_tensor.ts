/** Refusals of single tensors and counts, by name; shared by the checks of whole problems. */

import { DtypeError, ShapeError } from "./problem_error.ts";

const ARRAY_TYPES = {
  int32: Int32Array,
  c16: Uint16Array,
  uint8: Uint8Array,
  float32: Float32Array,
} as const;

/** Element type a tensor must have, and the clause that says so. */
export interface Expected {
  /** Element type. */
  readonly type: keyof typeof ARRAY_TYPES;
  /** Clause of the ABI. */
  readonly clause: string;
}

/** Tables, lengths and ranges. */
export const INT32: Expected = { type: "int32", clause: "dtype/int32" };
/** Queries, keys and values. */
export const C16: Expected = { type: "c16", clause: "dtype/c16" };

function typeName(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  return value.constructor?.name ?? "object";
}

/** Refuses a tensor of another element type, by name. */
export function checkType(name: string, value: unknown, expected: Expected): void {
  const constructor = ARRAY_TYPES[expected.type];
  if (value instanceof constructor) return;
  throw new DtypeError(
    `Cannot read "${name}" as ${expected.type}: it is ${typeName(value)}; ` +
      `pass a ${constructor.name}`,
    expected.clause,
    { name, expected: constructor.name, actual: typeName(value) },
  );
}

/** Refuses a tensor of another length, by name. */
export function checkLength(
  name: string,
  actual: number,
  expected: { length: number; formula: string; clause: string },
): void {
  if (actual === expected.length) return;
  throw new ShapeError(
    `Cannot use "${name}" of ${actual} elements: ${expected.formula} = ${expected.length} are ` +
      "needed; pass a tensor of that size",
    expected.clause,
    { name, expected: expected.length, actual },
  );
}

/** Refuses a size that is no integer from a minimum on. */
export function checkCount(
  name: string,
  value: number,
  o: { minimum: number; clause: string },
): void {
  if (Number.isSafeInteger(value) && value >= o.minimum) return;
  throw new ShapeError(
    `Cannot use ${name} ${value}: it is an integer from ${o.minimum} on; correct the shape`,
    o.clause,
    { name, actual: value },
  );
}
