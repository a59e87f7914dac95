/** Arithmetics that kernels of the field have, as they would declare them. */

import { type Arithmetic, FLOAT32_ARITHMETIC, parseArithmetic } from "./arithmetic.ts";

/** An arithmetic with the kernels that have it. */
export interface FieldArithmetic {
  /** Short name. */
  readonly name: string;
  /** Kernels that compute like this, and where that can be read. */
  readonly source: string;
  /** The declaration. */
  readonly arithmetic: Arithmetic;
}

/** Every arithmetic that tests and tables go through, float32 first. */
export const FIELD_ARITHMETICS: readonly FieldArithmetic[] = [
  {
    name: "float32",
    source:
      "nothing declared; this project's vector and tile programs; vLLM's reference in float32",
    arithmetic: FLOAT32_ARITHMETIC,
  },
  {
    name: "flash",
    source: "FlashAttention 2 and 3, cuDNN, FlashInfer, Triton kernels with p.to(v.dtype)",
    arithmetic: parseArithmetic({ sums: "matrix", weights: "storage" }),
  },
  {
    name: "polynomial",
    source: "FlashAttention 4: part of the exponentials by polynomial, rescaling beyond 2^8",
    arithmetic: parseArithmetic({
      sums: "matrix",
      weights: "storage",
      exponentialError: 2 ** -13,
      rescaleThreshold: 8,
    }),
  },
  {
    name: "scaled query",
    source:
      "kernels that fold scale · log2(e) into Q before the product, as Triton's first tutorial",
    arithmetic: parseArithmetic({ query: "rescaled", sums: "matrix", weights: "storage" }),
  },
  {
    name: "stored partials",
    source: "split kernels whose partial outputs have the cache's type: FastDeploy's C16 decode",
    arithmetic: parseArithmetic({ sums: "matrix", weights: "storage", partials: "storage" }),
  },
  {
    name: "rounded sum",
    source: "kernels that add up the weights after rounding, by a matrix product with ones",
    arithmetic: parseArithmetic({ sums: "matrix", weights: "storage", denominator: "rounded" }),
  },
  {
    name: "tf32",
    source: "Triton's tl.dot and cuBLAS over float32 copies with TF32 allowed",
    arithmetic: parseArithmetic({
      scores: "tf32",
      sums: "matrix",
      weights: "tf32",
      weightRounding: "either",
    }),
  },
  {
    name: "eager",
    source: "unfused attention: scores in the model's type, softmax in float32, weights cast back",
    arithmetic: parseArithmetic({
      scores: "storage",
      sums: "matrix",
      weights: "storage",
      normalised: "before",
    }),
  },
  {
    name: "float16 sums",
    source: "ONNX Runtime's WebGPU kernels with fp16 models",
    arithmetic: parseArithmetic({ scores: "f16", weights: "f16", accumulate: "f16" }),
  },
  {
    name: "f16 matrices",
    source: "this project's subgroup-matrix programs",
    arithmetic: parseArithmetic({
      sums: "matrix",
      weights: "f16",
      weightRounding: "either",
      weightScale: 2 ** 11,
    }),
  },
];
