/** Problems in a larger head size: vectors end in zeros, which add nothing to a score. */
import type { AppendProblem, AttentionProblem } from "../kernel/mod.ts";
import { Mismatch } from "./outcome.ts";

/** Vectors of D elements with zeros after them. */
export function padVectors(
  bits: Uint16Array,
  from: number,
  to: number,
): Uint16Array<ArrayBuffer> {
  const padded = new Uint16Array(bits.length / from * to);
  for (let vector = 0; vector * from < bits.length; vector++) {
    padded.set(bits.subarray(vector * from, (vector + 1) * from), vector * to);
  }
  return padded;
}

/**
 * Vectors without the zeros after them.
 *
 * @throws {Mismatch} If something else stands there.
 */
export function unpadVectors(bits: Uint16Array, from: number, to: number): Uint16Array {
  const vectors = new Uint16Array(bits.length / from * to);
  for (let vector = 0; vector * from < bits.length; vector++) {
    const padded = bits.subarray(vector * from, (vector + 1) * from);
    vectors.set(padded.subarray(0, to), vector * to);
    const at = padded.findIndex((element, index) => index >= to && (element & 0x7fff) !== 0);
    if (at < 0) continue;
    throw new Mismatch(
      `Expected 0 in element ${at} of vector ${vector}, whose values are 0 from ${to} on`,
      null,
    );
  }
  return vectors;
}

/** An attention problem whose heads end in zeros; the scale stays what it was. */
export function padAttention(problem: AttentionProblem, headSize: number): AttentionProblem {
  const from = problem.shape.headSize;
  return {
    ...problem,
    ...padCache(problem, headSize),
    query: padVectors(problem.query, from, headSize),
    scale: problem.scale ?? 1 / Math.sqrt(from),
  };
}

/** An append problem whose heads end in zeros, which do not turn. */
export function padAppend(problem: AppendProblem, headSize: number): AppendProblem {
  const from = problem.shape.headSize;
  return {
    ...problem,
    ...padCache(problem, headSize),
    packed: padVectors(problem.packed, from, headSize),
  };
}

function padCache({ shape, keys, values }: AttentionProblem | AppendProblem, headSize: number) {
  return {
    shape: { ...shape, headSize },
    keys: padVectors(keys, shape.headSize, headSize),
    values: padVectors(values, shape.headSize, headSize),
  };
}
