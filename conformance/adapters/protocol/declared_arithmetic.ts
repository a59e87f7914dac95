/** Arithmetic as an adapter declares it. */
import { z } from "zod";
import {
  type Arithmetic,
  ARITHMETIC_FIELDS,
  ArithmeticError,
  declaredFields,
  parseArithmetic,
} from "../../../kernel/mod.ts";
import { adapterError } from "../adapter_fault.ts";

type Declared = z.ZodType<string | number | undefined>;

const fields: Readonly<Record<string, Declared>> = Object.fromEntries(
  Object.entries(ARITHMETIC_FIELDS).map(([name, field]): [string, Declared] => {
    const value = "choices" in field
      ? z.enum(field.choices)
      : z.number().min(field.minimum).max(field.maximum);
    return [name, value.describe(field.description).optional()];
  }),
);

/** Fields that differ from float32 throughout. */
export const arithmetic: z.ZodType<Readonly<Record<string, string | number | undefined>>> = z
  .strictObject(fields)
  .meta({
    id: "arithmetic",
    description: "How a kernel computes, where not in float32 throughout",
  });

/**
 * Reads a declaration: what differs from float32 throughout.
 *
 * @throws {AdapterFault} `adapter-error` when fields contradict each other.
 */
export function readArithmetic(
  declared: Readonly<Record<string, string | number | undefined>>,
): Partial<Arithmetic> {
  const given = Object.entries(declared).filter(([, value]) => value !== undefined);
  try {
    return declaredFields(parseArithmetic(Object.fromEntries(given)));
  } catch (error) {
    if (!(error instanceof ArithmeticError)) throw error;
    throw adapterError(`The adapter's arithmetic: ${error.message}`);
  }
}
