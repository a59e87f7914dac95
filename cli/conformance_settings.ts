import type { SettingsOf } from "./setting.ts";
import { choiceOf, parseSwitch, parseText, wholeNumber } from "./setting_parsers.ts";

/** Resolved settings of `headwise conformance`. */
export interface ConformanceSettings {
  /** Whom to judge. */
  readonly subject: "auto" | "webgpu" | "oracle";
  /** Queries with spaces between them, or null for every case. */
  readonly filter: string | null;
  /** Whether the kernel may use subgroups. */
  readonly subgroups: "auto" | "off";
  /** Longest time of one case, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether to list cases and run none. */
  readonly list: boolean;
  /** Whether the suite judges itself by its mutants. */
  readonly selfTest: boolean;
  /** Form of the report. */
  readonly format: "text" | "junit" | "tap" | "markdown";
  /** Whether the report is printed as JSON lines. */
  readonly json: boolean;
}

/** Every setting of `headwise conformance`. */
export const CONFORMANCE_SETTINGS: SettingsOf<ConformanceSettings> = {
  subject: {
    brief: "Whom to judge: webgpu, oracle, or auto for whichever answers",
    placeholder: "NAME",
    defaultValue: "auto",
    parse: choiceOf(["auto", "webgpu", "oracle"]),
  },
  filter: {
    brief: "Queries of the cases to run, with spaces between them",
    placeholder: "QUERY",
    defaultValue: null,
    defaultText: "every case",
    parse: parseText,
  },
  subgroups: {
    brief: "Let the kernel use subgroups: auto or off",
    placeholder: "MODE",
    defaultValue: "auto",
    parse: choiceOf(["auto", "off"]),
  },
  timeoutMs: {
    brief: "Longest time of one case, in milliseconds",
    placeholder: "N",
    defaultValue: 30_000,
    parse: wholeNumber({ min: 1 }),
  },
  list: {
    brief: "List the cases and run none",
    defaultValue: false,
    parse: parseSwitch,
  },
  selfTest: {
    brief: "Judge the suite: every mutant must be rejected, the oracle by none",
    defaultValue: false,
    parse: parseSwitch,
  },
  format: {
    brief: "Form of the report: text, junit, tap or markdown",
    placeholder: "FORM",
    defaultValue: "text",
    parse: choiceOf(["text", "junit", "tap", "markdown"]),
  },
  json: {
    brief: "Print the report as JSON lines",
    defaultValue: false,
    parse: parseSwitch,
  },
};
