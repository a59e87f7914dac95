/** A reader under attack: documents that it takes, and how it may refuse the rest. */
export interface FuzzTarget {
  /** Name in reports, the folder first, such as `fixtures/workload`. */
  readonly name: string;
  /** Valid documents that inputs are mutated from. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** Words of the format that mutations put in. */
  readonly words?: readonly string[];
  /**
   * Reads an input. What it returns was understood; what it throws must be one of `errors`, with a
   * message, or the reader is at fault.
   */
  readonly read: (input: Uint8Array) => unknown;
  /** Names of the project's error classes that refuse an input. */
  readonly errors: readonly string[];
}

/** Text of an input as `Deno.readTextFile` gives it. */
export function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input);
}
