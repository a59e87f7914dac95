/** Where the times of steps come from, as `--clock` names it. */

import { nearestWord } from "./nearest_word.ts";
import type { ChoiceParser } from "./parsers.ts";

/** A clock of this program, by name. */
export type OwnClock = "auto" | "gpu" | "model";

/** A clock from outside: an adapter by its way in, or a file of times. */
export type OutsideClock = `${"exec" | "module" | "ffi" | "table"}:${string}`;

/** What `--clock` is, for help. */
export const CLOCK_BRIEF = "Clock: gpu, model, auto, exec:, module:, ffi:, table:FILE";

const OWN: readonly OwnClock[] = ["auto", "gpu", "model"];
const OUTSIDE = ["exec:", "module:", "ffi:", "table:"] as const;

/** Reads `--clock`, and tells shells what it accepts. */
export const parseClock: ChoiceParser<OwnClock | OutsideClock> = Object.assign(readClock, {
  choices: [...OWN, ...OUTSIDE],
  isList: false,
});

/**
 * Reads `--clock`; what stands behind `exec:` and the like is read where it is opened.
 *
 * @throws {RangeError} When it is none.
 */
function readClock(text: string): OwnClock | OutsideClock {
  const own = OWN.find((name) => name === text);
  if (own !== undefined) return own;
  const outside = OUTSIDE.find((prefix) => text.startsWith(prefix));
  if (outside !== undefined && text.slice(outside.length).trim() !== "") {
    return text as OutsideClock;
  }
  const nearest = nearestWord(text, [...OWN, ...OUTSIDE]);
  const hint = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
  throw new RangeError(
    `expected auto, gpu, model, exec:COMMAND, module:FILE.ts, ffi:LIBRARY or table:FILE.csv${hint}`,
  );
}

/** Tells a clock from outside from this program's own. */
export function isOutsideClock(clock: OwnClock | OutsideClock): clock is OutsideClock {
  return clock.includes(":");
}
