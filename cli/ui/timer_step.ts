/** Steps in which a timer counts, seen from what it measured. */

/** Chromium's step, and the one that WebGPU names: 2¹⁶ ns and 100 µs. */
const KNOWN_STEPS_NS = [65_536, 100_000];
/** Below this no one rounds on purpose. */
const SMALLEST_STEP_NS = 1000;

/**
 * Finds the step that every sample is a multiple of.
 *
 * @param samplesMs Milliseconds, each a whole number of nanoseconds.
 * @returns Milliseconds, or null where there is no sample or no step of a microsecond or more.
 */
export function timerStepMs(samplesMs: readonly number[]): number | null {
  let stepNs = 0;
  for (const sampleMs of samplesMs) stepNs = greatestDivisor(stepNs, Math.round(sampleMs * 1e6));
  if (stepNs < SMALLEST_STEP_NS) return null;
  // Few samples may share a multiple of the step by chance.
  return (KNOWN_STEPS_NS.find((known) => stepNs % known === 0) ?? stepNs) / 1e6;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
