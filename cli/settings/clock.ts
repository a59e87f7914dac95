/** Where the times of steps come from, as `--clock` names it. */

import { wordOrPrefixed } from "./parsers.ts";

/** A clock of this program, by name. */
export type OwnClock = "auto" | "gpu" | "model";

/** A clock from outside: an adapter by its way in, or a file of times. */
export type OutsideClock = `${"exec" | "module" | "ffi" | "table"}:${string}`;

/** What `--clock` is, for help. */
export const CLOCK_BRIEF = "Clock: gpu, model, auto, exec:, module:, ffi:, table:FILE";

const OWN: readonly OwnClock[] = ["auto", "gpu", "model"];
const OUTSIDE = ["exec:", "module:", "ffi:", "table:"] as const;

/** Reads `--clock`, and tells shells what it accepts. */
export const parseClock = Object.assign(
  wordOrPrefixed(
    OWN,
    OUTSIDE,
    "auto, gpu, model, exec:COMMAND, module:FILE.ts, ffi:LIBRARY or table:FILE.csv",
  ),
  { choices: [...OWN, ...OUTSIDE], isList: false },
);

/** Tells a clock from outside from this program's own. */
export function isOutsideClock(clock: OwnClock | OutsideClock): clock is OutsideClock {
  return clock.includes(":");
}
