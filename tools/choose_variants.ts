/** Which variant is the fastest for all cases of one kind of shape. */

import type { KernelVariant } from "./kernel_variants.ts";

/** The time of one variant on one case. */
export interface VariantTime {
  /** The kind of shape, whose cases share a tuning. */
  readonly key: string;
  /** The case. */
  readonly base: string;
  /** The variant. */
  readonly variant: KernelVariant;
  /** Median milliseconds. */
  readonly medianMs: number;
}

/**
 * Chooses by the geometric mean over cases, among variants that every case was timed with. Cases that
 * were timed with parts for short steps choose those parts, the others the rest.
 *
 * @param all All times.
 * @returns The chosen variant of each kind of shape.
 */
export function chooseVariants(all: readonly VariantTime[]): [string, KernelVariant][] {
  // Where pages lie is no part of a tuning.
  const moved = new Set(
    all.filter(({ variant }) => variant.pages !== undefined).map(({ base }) => base),
  );
  const times = all.filter(({ base }) => !moved.has(base));
  const shortCases = new Set(
    times.filter(({ variant }) => variant.short !== undefined).map(({ base }) => base),
  );
  return [...Map.groupBy(times, ({ key }) => key)].map(([key, own]) => {
    const steady = fastest(own.filter(({ base }) => !shortCases.has(base)));
    const short = fastest(own.filter(({ base }) => shortCases.has(base)))?.short;
    return [key, { ...steady, ...(short === undefined ? {} : { short }) }];
  });
}

function fastest(times: readonly VariantTime[]): KernelVariant | undefined {
  const cases = new Set(times.map(({ base }) => base)).size;
  let best: { readonly variant: KernelVariant; readonly logMs: number } | undefined;
  for (const own of Map.groupBy(times, ({ variant }) => JSON.stringify(variant)).values()) {
    if (own.length < cases) continue;
    const logMs = own.reduce((sum, { medianMs }) => sum + Math.log(medianMs), 0);
    if (best === undefined || logMs < best.logMs) best = { variant: own[0].variant, logMs };
  }
  return best?.variant;
}
