/** Whether samples that are given as several hold the same measurement. */

import { BenchError } from "./bench_error.ts";

/** A run that is given as a sample. */
export interface GivenSample {
  /** What messages call it, such as its file. */
  readonly name: string;
  /** What was measured; two samples are one where any of it is the same. */
  readonly contents: readonly unknown[];
}

/**
 * Refuses samples that were measured once and are given more than once: their noise is that of one
 * sample, whatever their files are called, and in whatever order and layout their keys are written.
 *
 * @param groups Samples; those of one group may be equal, as pairs of one run with coarse values.
 * @throws {BenchError} `gate/not-comparable`, with the names of both.
 */
export function refuseRepeated(groups: readonly (readonly GivenSample[])[]): void {
  const repeated = findRepeated(groups);
  if (repeated === null) return;
  const [earlier, later] = repeated;
  throw new BenchError(
    "gate/not-comparable",
    `Cannot take both as samples: '${earlier}' and '${later}' hold the same measured run; a run ` +
      "counts once, so leave one of them out or give another run",
  );
}

/**
 * Finds two samples of different groups that hold the same measurement.
 *
 * @returns Names of the first two, or null.
 */
export function findRepeated(
  groups: readonly (readonly GivenSample[])[],
): readonly [earlier: string, later: string] | null {
  const seen = new Map<string, string>();
  for (const group of groups) {
    const own = new Map<string, string>();
    for (const { name, contents } of group) {
      for (const content of contents) {
        const text = contentText(content);
        const earlier = seen.get(text);
        if (earlier !== undefined) return [earlier, name];
        own.set(text, name);
      }
    }
    for (const [text, name] of own) seen.set(text, name);
  }
  return null;
}

/** Text of a value that does not depend on the order of keys. */
export function contentText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    // No two keys are equal.
    return Object.fromEntries(
      Object.entries(part).sort(([left], [right]) => left < right ? -1 : 1),
    );
  });
}
