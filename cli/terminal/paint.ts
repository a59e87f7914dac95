/** Wraps text in terminal colours, or leaves it as it is. */
export interface Paint {
  /** Whether escape sequences are written at all. */
  readonly enabled: boolean;
  /** Heavier weight. */
  readonly bold: (text: string) => string;
  /** For what matters less. */
  readonly dim: (text: string) => string;
  /** For what is good. */
  readonly green: (text: string) => string;
  /** For what is wrong. */
  readonly red: (text: string) => string;
  /** For what is undecided. */
  readonly yellow: (text: string) => string;
  /** For names that a reader may type again. */
  readonly cyan: (text: string) => string;
}

/**
 * Decides whether colours are wanted: `NO_COLOR` (any value but empty) wins over `FORCE_COLOR`, and
 * without either only a terminal gets them.
 *
 * @param o Environment and kind of the stream.
 * @returns True where escape sequences may be written.
 */
export function wantsColor(o: {
  readonly environment: Readonly<Partial<Record<string, string>>>;
  readonly isTerminal: boolean;
}): boolean {
  if (o.environment["NO_COLOR"]) return false;
  if (o.environment["FORCE_COLOR"]) return o.environment["FORCE_COLOR"] !== "0";
  return o.isTerminal && o.environment["TERM"] !== "dumb";
}

/**
 * Makes the colouring functions of one stream.
 *
 * @param enabled Whether escape sequences are written.
 * @returns Functions that return their text unchanged when not enabled.
 */
export function createPaint(enabled: boolean): Paint {
  const style = (open: number, close: number) => (text: string): string =>
    enabled ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    enabled,
    bold: style(1, 22),
    dim: style(2, 22),
    green: style(32, 39),
    red: style(31, 39),
    yellow: style(33, 39),
    cyan: style(36, 39),
  };
}
