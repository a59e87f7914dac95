/** What a kernel's author may have left undeclared, where that would make its answer right. */
import {
  type Arithmetic,
  describeArithmetic,
  FIELD_ARITHMETICS,
  FLOAT32_ARITHMETIC,
} from "../../kernel/mod.ts";

/** Beyond this factor of the bound no rounding explains an answer, and nothing is tried. */
const LARGEST_FACTOR = 2 ** 14;
/**
 * What most kernels of the field round. Wider arithmetics are not among them: they would excuse small
 * faults.
 */
const COMMON: readonly Arithmetic[] = FIELD_ARITHMETICS
  .filter(({ name }) => name === "flash" || name === "scaled query")
  .map(({ arithmetic }) => arithmetic);

/**
 * Names the arithmetic by which an answer is right that is wrong by the declared one.
 *
 * @param o By which factor the worst element is off, and whether an arithmetic takes the answer.
 * @returns The end of a failure's message; empty where none does.
 */
export function suggestArithmetic(
  o: { readonly factor: number; readonly isRight: (arithmetic: Arithmetic) => boolean },
  candidates: readonly Arithmetic[] = COMMON,
): string {
  if (!(o.factor < LARGEST_FACTOR)) return "";
  const found = candidates.find(o.isRight);
  return found === undefined
    ? ""
    : `; it lies inside the bound of ${
      describeArithmetic(found)
    }: an adapter whose kernel computes ` +
      "so declares it (docs/arithmetic.md)";
}

/** Rotation in the type of the cache, where nothing was declared. */
export const STORED_ROTATION: readonly Arithmetic[] = [
  { ...FLOAT32_ARITHMETIC, rotation: "storage" },
];
