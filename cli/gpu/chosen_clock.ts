import type { ClockChoice, MeasuredCeilings } from "../../bench/mod.ts";

/** The clock of a run, and what to give back after it. */
export interface ChosenClock {
  /** What times the replay. */
  readonly clock: ClockChoice;
  /** Ceilings measured on this machine, or null where the fixture's are used. */
  readonly ceilings: MeasuredCeilings | null;
  /** Gives back the device. */
  readonly close: () => void | Promise<void>;
}
