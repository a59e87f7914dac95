/** What samples and ceilings say together. */

import type { KernelCaseWork, KernelFigures } from "./result_schema.ts";

/** Ceilings that figures are held against. */
export interface KernelCeilings {
  /** Bytes read a second. */
  readonly memoryBytesPerSecond: number;
  /** Operations per second. */
  readonly flopsPerSecond: number;
}

/** Quantile of sorted values, interpolated linearly between order statistics at (n − 1)·q. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** Median of samples in any order. */
export function medianOf(samples: ArrayLike<number>): number {
  return quantile(Float64Array.from(samples).sort(), 0.5);
}

/**
 * The roofline's time: what memory or arithmetic would take at best, whichever is longer.
 *
 * Williams, Waterman, Patterson: Roofline, CACM 52(4), 2009.
 */
export function idealTime(
  work: Pick<KernelCaseWork, "bytes" | "flops">,
  ceilings: KernelCeilings,
): { readonly bound: "memory" | "compute"; readonly idealMs: number } {
  const memoryMs = work.bytes / ceilings.memoryBytesPerSecond * 1000;
  const computeMs = work.flops / ceilings.flopsPerSecond * 1000;
  return memoryMs >= computeMs
    ? { bound: "memory", idealMs: memoryMs }
    : { bound: "compute", idealMs: computeMs };
}

/** Figures of one case. */
export function kernelFigures(
  samplesMs: ArrayLike<number>,
  o: {
    readonly work: KernelCaseWork;
    readonly ceilings: KernelCeilings;
    readonly emptyChainMs: number;
  },
): KernelFigures {
  const sorted = Float64Array.from(samplesMs).sort();
  const medianMs = quantile(sorted, 0.5);
  const { bound, idealMs } = idealTime(o.work, o.ceilings);
  return {
    medianMs,
    quartilesMs: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
    spread: sorted[sorted.length - 1] / sorted[0],
    bytesPerSecond: o.work.bytes / medianMs * 1000,
    flopsPerSecond: o.work.flops / medianMs * 1000,
    bound,
    idealMs,
    ceilingShare: idealMs / medianMs,
    emptyChainMs: o.emptyChainMs,
    overheadMicroseconds: (medianMs - idealMs - o.emptyChainMs) * 1000,
  };
}
