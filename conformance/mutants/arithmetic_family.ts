/** Kernels that compute more coarsely than they declare. */
import { type Arithmetic, type EmulatorOptions, parseArithmetic } from "../../kernel/mod.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import { createEmulatedKernel } from "../subjects/oracle_kernel.ts";
import type { Mutant } from "./mutant.ts";

/** A declaration, and what is computed in its place. */
interface Coarser {
  readonly name: string;
  readonly fault: string;
  readonly declared: Partial<Arithmetic>;
  readonly computed?: Partial<Arithmetic>;
  readonly coarser?: NonNullable<EmulatorOptions["coarser"]>;
  /** Kind of row that tells it, where it needs one. */
  readonly kind?: string;
}

const COARSER: readonly Coarser[] = [
  {
    name: "nothing_declared",
    fault: "Weights are rounded to the cache's type, and nothing is declared",
    declared: {},
    computed: { weights: "storage" },
  },
  {
    name: "weights_of_two_bits_less",
    fault: "Weights keep two bits less than their declared type",
    declared: { weights: "storage", sums: "matrix" },
    coarser: { weights: 4 },
  },
  {
    name: "weights_truncated",
    fault: "Weights are truncated where rounding to the nearest was declared",
    declared: { weights: "storage", sums: "matrix" },
    computed: { weightRounding: "either" },
  },
  {
    name: "weights_underflow",
    fault: "Weights in float16 underflow where they were said to be scaled",
    declared: { weights: "f16", weightScale: 2 ** 11 },
    computed: { weightScale: 2 ** -6 },
  },
  {
    name: "exponentials_coarser",
    fault: "Exponentials err by four times what was declared",
    declared: { exponentialError: 2 ** -11 },
    coarser: { exponentials: 4 },
  },
  {
    name: "query_of_two_bits_less",
    fault: "The scaled query keeps two bits less than its type",
    declared: { query: "rescaled" },
    coarser: { query: 4 },
  },
  {
    name: "query_of_larger_steps",
    fault: "The query is rounded to steps of four times the size that was declared",
    declared: { query: "fixed16" },
    coarser: { query: 4 },
  },
  {
    name: "partials_stored",
    fault: "Partial outputs of splits have the cache's type where float32 was declared",
    declared: { sums: "matrix" },
    computed: { partials: "storage" },
    kind: "split=16",
  },
  {
    name: "sums_in_float16",
    fault: "Sums are float16 where float32 was declared",
    declared: { scores: "f16", weights: "f16" },
    computed: { accumulate: "f16" },
  },
  {
    name: "scores_stored",
    fault: "Scores are rounded to the cache's type where float32 was declared",
    declared: { weights: "storage" },
    computed: { scores: "storage" },
  },
];

export const arithmeticMutants: readonly Mutant[] = COARSER.map(
  ({ name, fault, declared, computed, coarser, kind }) => ({
    name: `undeclared_${name}`,
    fault,
    origin: "own",
    part: "kernel",
    violates: ["declare/arithmetic"],
    killedBy: [
      kind === undefined
        ? "kernel:softmax:arithmetic"
        : `kernel:softmax:arithmetic:kind=random;${kind};*`,
    ],
    // What such a kernel computes is its fault: it is not emulated in another arithmetic.
    create: () => {
      const right = parseArithmetic(declared);
      const { capabilities } = createOracleSubject();
      return {
        name: `mutant undeclared_${name}`,
        capabilities,
        arithmetic: right,
        kernel: createEmulatedKernel(
          { ...right, ...computed },
          { declared: right, ...(coarser === undefined ? {} : { coarser }) },
        ),
      };
    },
  }),
);
