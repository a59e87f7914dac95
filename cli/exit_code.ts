/**
 * Exit codes of the tool, the same for every command; `headwise --help` lists them.
 *
 * `fail` is a verdict (`gate`, `bench --enforce`, `conformance`), never a fault of the tool.
 */
export const EXIT = {
  /** Done; with a verdict: PASS or conformant. */
  ok: 0,
  /** The verdict is FAIL, or the subject does not conform. */
  fail: 1,
  /** The command line, an environment variable or a setting cannot be understood. */
  usage: 2,
  /** The verdict is INCONCLUSIVE. */
  inconclusive: 3,
  /** A file cannot be read or is not what it should be. */
  input: 4,
  /** Every case was skipped: nothing was judged. */
  nothingRan: 5,
  /** A fault of the tool itself. */
  internal: 70,
  /** Stopped by Ctrl-C or SIGTERM. */
  interrupted: 130,
} as const;

/**
 * Maps the exit code of the argument parser, which is negative for its own findings, to {@link EXIT}.
 */
export function mapParserExitCode(code: number): number {
  if (code >= 0) return code;
  return code === UNKNOWN_COMMAND || code === INVALID_ARGUMENT ? EXIT.usage : EXIT.internal;
}

// The parser's own numbers, repeated so that this file does not load the parser.
const UNKNOWN_COMMAND = -5;
const INVALID_ARGUMENT = -4;
