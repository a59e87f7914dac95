import { GPU_SETTING, type GpuProvider } from "./gpu.ts";
import { nearestWord } from "./nearest_word.ts";
import type { SettingsOf } from "./setting.ts";
import { parseShardText, REPORT_FORMATS, type ReportFormat } from "./report.ts";
import { choiceOf, parseSwitch, parseText, wholeNumber } from "./parsers.ts";

/** Resolved settings of `headwise conformance`. */
export interface ConformanceSettings {
  /** Whom to judge: `auto`, `webgpu`, `oracle`, or an adapter by its way in. */
  readonly subject: string;
  /** Queries with spaces between them, or null for every case. */
  readonly filter: string | null;
  /** Who implements WebGPU. */
  readonly gpu: GpuProvider;
  /** Whether the kernel may use subgroups. */
  readonly subgroups: "auto" | "off";
  /** Longest time of one case, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether to list cases and run none. */
  readonly list: boolean;
  /** Whether the suite judges itself by its mutants. */
  readonly selfTest: boolean;
  /** Random command sequences, over every layout. */
  readonly fuzz: number;
  /** Seed of the sequences. */
  readonly seed: number;
  /** File of sequences that failed before: replayed, and added to. */
  readonly regressions: string;
  /** Part of the cases to run, `i/n`; null for what the surrounding job says, or all. */
  readonly shard: string | null;
  /** Name that all shards of one run share; null for what the surrounding job says. */
  readonly run: string | null;
  /** File of known failures, or null. */
  readonly expectations: string | null;
  /** Where the report is written, row by row. */
  readonly out: string;
  /** Whether to go on with the report that is there. */
  readonly resume: boolean;
  /** Form of the report. */
  readonly format: ReportFormat;
  /** Whether the report is printed as JSON lines. */
  readonly json: boolean;
}

/** Every setting of `headwise conformance`. */
export const CONFORMANCE_SETTINGS: SettingsOf<ConformanceSettings> = {
  subject: {
    brief: "webgpu, oracle, auto, or an adapter: exec:, module:, ffi:, dump:",
    placeholder: "SUBJECT",
    defaultValue: "auto",
    parse: parseSubjectText,
  },
  filter: {
    brief: "Queries of the cases to run, with spaces between them",
    placeholder: "QUERY",
    defaultValue: null,
    defaultText: "every case",
    parse: parseText,
  },
  gpu: GPU_SETTING,
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
  fuzz: {
    brief: "Random command sequences to run against the naive model",
    placeholder: "N",
    defaultValue: 3000,
    parse: wholeNumber({ min: 0, max: 100_000_000 }),
  },
  seed: {
    brief: "Seed of the random sequences",
    placeholder: "N",
    defaultValue: 1,
    parse: wholeNumber({ min: 0, max: 0x7fff_ffff }),
  },
  regressions: {
    brief: "Kept failures: replayed, and added to",
    placeholder: "FILE",
    defaultValue: "results/regressions.json",
    parse: parseText,
  },
  shard: {
    brief: "Part of the cases to run, i/n",
    placeholder: "I/N",
    defaultValue: null,
    defaultText: "what the job says, or all",
    parse: parseShardText,
  },
  run: {
    brief: "Name that all shards of one run share",
    placeholder: "NAME",
    defaultValue: null,
    defaultText: "what the job says",
    parse: parseText,
  },
  expectations: {
    brief: "Known failures, in YAML",
    placeholder: "FILE",
    defaultValue: null,
    defaultText: "none",
    parse: parseText,
  },
  out: {
    brief: "Where the report goes, case by case",
    placeholder: "FILE",
    defaultValue: "results/conformance.jsonl",
    parse: parseText,
  },
  resume: {
    brief: "Go on with the report of a run that was stopped: run what it lacks",
    defaultValue: false,
    parse: parseSwitch,
  },
  format: {
    brief: `Form: ${REPORT_FORMATS.join(", ")}`,
    placeholder: "FORM",
    defaultValue: "text",
    parse: choiceOf(REPORT_FORMATS),
  },
  json: {
    brief: "Print the report as JSON lines",
    defaultValue: false,
    parse: parseSwitch,
  },
};

/** Accepts what may name a subject; the parts are read where the suite is loaded. */
function parseSubjectText(text: string): string {
  if (/^(?:auto|webgpu|oracle|(?:exec|module|ffi|dump):\s*\S.*)$/s.test(text)) return text;
  const nearest = nearestWord(text, [
    "auto",
    "webgpu",
    "oracle",
    "exec:",
    "module:",
    "ffi:",
    "dump:",
  ]);
  const hint = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
  throw new RangeError(
    `expected auto, webgpu, oracle, exec:COMMAND, module:FILE.ts, ffi:LIBRARY or dump:FILE${hint}`,
  );
}
