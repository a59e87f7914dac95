/** What may be replaced by a new file: a result of the same kind that holds no more. */

/** What a command would put in the place of a file. */
export interface OutputClaim {
  /** What it writes, with its article, as `a result of 'headwise bench'`. */
  readonly what: string;
  /** Tells by its beginning whether a file is one that the same command wrote. */
  readonly isOwn: (beginning: string) => boolean;
  /** Whether a person said that whatever is there may go. */
  readonly force: boolean;
  /** How much it will hold, where less than before is a loss. */
  readonly size?: OutputSize;
}

/** How much a result holds. */
export interface OutputSize {
  /** What is counted, as `pairs`. */
  readonly unit: string;
  /** How many the new one will hold. */
  readonly planned: number;
  /** Counts those of an old one; may throw where it is torn, which then counts as none. */
  readonly of: (text: string) => number;
}

/** A file would be replaced that is not ours to replace; the message names what allows it. */
export class OutputExists extends Error {
  /** Always `output/exists`. */
  readonly code = "output/exists";

  /** Builds the error from the path and what is there. */
  constructor(path: string, what: string) {
    super(`Cannot write '${path}': ${what}; name another file, or allow it with --force`);
    this.name = "OutputExists";
  }
}

/** Characters of a file that tell its kind. */
const BEGINNING = 1 << 14;

/**
 * Refuses to replace a file that another program wrote, or that holds more than the new one will. An
 * empty file holds nothing and may go.
 *
 * @param text Text of what is there; null where nothing is, or what is there is no text.
 * @throws {OutputExists} When it may not be replaced.
 */
export function requireReplaceable(path: string, text: string | null, claim: OutputClaim): void {
  if (claim.force || text === "") return;
  if (text === null || !claim.isOwn(text.slice(0, BEGINNING))) {
    throw new OutputExists(path, `what is there is not ${claim.what}`);
  }
  if (claim.size === undefined) return;
  const { unit, planned, of } = claim.size;
  const held = countOrNone(of, text);
  if (held <= planned) return;
  throw new OutputExists(
    path,
    `what is there holds ${held} ${unit}, and this run has only ${planned}`,
  );
}

function countOrNone(count: OutputSize["of"], text: string): number {
  try {
    return count(text);
  } catch {
    return 0;
  }
}

/**
 * Makes the recogniser of JSON that begins with a word of its own.
 *
 * @param key Name of the member, `kind` or `format`.
 */
export function isJsonOf(key: "kind" | "format", value: string): (beginning: string) => boolean {
  const member = new RegExp(`^\\s*\\{[^{}[\\]]{0,400}"${key}"\\s*:\\s*"${value}["/]`);
  return (beginning) => member.test(beginning);
}
