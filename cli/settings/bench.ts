import type { AvailabilityReading } from "../../bench/mod.ts";
import type { TraceFormat } from "../../fixtures/mod.ts";
import { ENDPOINT_SETTINGS, type EndpointSettings } from "./endpoint.ts";
import { GPU_SETTING, type GpuProvider } from "./gpu.ts";
import type { SettingsOf } from "./setting.ts";
import { choiceOf, choicesOf, parseRatio, parseSwitch, parseText, wholeNumber } from "./parsers.ts";

const FIXTURE_DEFAULT = "the fixture's";

/** Resolved settings of `headwise bench`; the table below says what each one does. */
export interface BenchSettings extends EndpointSettings {
  /** Built-in name or YAML file of the workload, or null for what suits the requests. */
  readonly fixture: string | null;
  /** Built-in name or YAML file of the model in place of the fixture's, or null. */
  readonly model: string | null;
  /** Trace file whose requests replace the fixture's, or null. */
  readonly trace: string | null;
  /** Format of the trace. */
  readonly traceFormat: "auto" | TraceFormat;
  /** Unit of the trace's arrivals, or null for its format's. */
  readonly timeUnit: "s" | "ms" | null;
  /** Tokens of a prefix block of the trace, or null for its format's. */
  readonly blockTokens: number | null;
  /** Most requests taken from the trace, or null for all. */
  readonly limit: number | null;
  /** Most tokens of a traced request, prompt and answer together, or null for any. */
  readonly maxTokens: number | null;
  /** What times a step. */
  readonly clock: "auto" | "gpu" | "model";
  /** Who implements WebGPU. */
  readonly gpu: GpuProvider;
  /** Gates to judge. */
  readonly gate: readonly ("read" | "capacity")[];
  /** Whether to exit by the verdict. */
  readonly enforce: boolean;
  /** Whether to go on with the result that is there. */
  readonly resume: boolean;
  /** Interleaved repetitions, or null for what suits the clock. */
  readonly pairs: number | null;
  /** Whether a run goes on until it is decided. */
  readonly untilDecided: boolean;
  /** Most pairs of a run that goes on until it is decided. */
  readonly maxPairs: number;
  /** How admission reads the share of free pages. */
  readonly availability: AvailabilityReading;
  /** Order in which pools hand out pages. */
  readonly pageOrder: "shuffled" | "identity";
  /** Seed, or null for the fixture's. */
  readonly seed: number | null;
  /** Discarded steps of each side, or null for what suits the clock. */
  readonly warmupSteps: number | null;
  /** Layers whose caches are made and take turns on the device, or null for what suits it. */
  readonly layersMeasured: number | null;
  /** Most sampled correctness checks of each side. */
  readonly checks: number;
  /** Whether the head-wise table takes part. */
  readonly headWise: boolean;
  /** Share of window heads, or null for the fixture's head map. */
  readonly ratio: number | null;
  /** Window in tokens, or null for the fixture's. */
  readonly window: number | null;
  /** Sink tokens, or null for the fixture's. */
  readonly sinks: number | null;
  /** Whether the model gets the engine's test window. */
  readonly windowFixture: boolean;
  /** Whether prompts share the pages of their prefixes, or null for what the fixture says. */
  readonly prefixCache: boolean | null;
  /** Whether every table is validated after every step. */
  readonly debugTables: boolean;
  /** Most entries of the timeline that the result keeps of each side. */
  readonly timeline: number;
  /** Fixture values to replace, or null. */
  readonly set: string | null;
  /** Whether it runs again each time a file of the fixture has changed. */
  readonly watch: boolean;
  /** Where the result is written. */
  readonly out: string;
  /** Whether the result is printed as JSON. */
  readonly json: boolean;
}

/** Every setting of `headwise bench`. */
export const BENCH_SETTINGS: SettingsOf<BenchSettings> = {
  fixture: {
    brief: "Built-in name or YAML file",
    placeholder: "NAME|FILE",
    defaultValue: null,
    defaultText: "smoke, or trace-replay with a trace",
    parse: parseText,
  },
  model: {
    brief: "Model in place of the fixture's, by name or file",
    placeholder: "NAME|FILE",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: parseText,
  },
  trace: {
    brief: "Replay the requests of a trace file instead of the fixture's",
    placeholder: "FILE",
    defaultValue: null,
    defaultText: "no trace",
    parse: parseText,
  },
  traceFormat: {
    brief: "Format of the trace: auto, azure, mooncake, bailian or burstgpt",
    placeholder: "NAME",
    defaultValue: "auto",
    parse: choiceOf(["auto", "azure", "mooncake", "bailian", "burstgpt"]),
  },
  timeUnit: {
    brief: "Unit of the trace's arrivals: s or ms",
    placeholder: "UNIT",
    defaultValue: null,
    defaultText: "the format's",
    parse: choiceOf<"s" | "ms">(["s", "ms"]),
  },
  blockTokens: {
    brief: "Tokens of a prefix block of the trace",
    placeholder: "N",
    defaultValue: null,
    defaultText: "the format's",
    parse: wholeNumber({ min: 1 }),
  },
  limit: {
    brief: "Take only the first N requests of the trace",
    placeholder: "N",
    defaultValue: null,
    defaultText: "all",
    parse: wholeNumber({ min: 1 }),
  },
  maxTokens: {
    brief: "Leave out traced requests with more tokens than N in all",
    placeholder: "N",
    defaultValue: null,
    defaultText: "none",
    parse: wholeNumber({ min: 1 }),
  },
  clock: {
    brief: "Time of a step: gpu (measured), model (computed) or auto",
    placeholder: "CLOCK",
    defaultValue: "auto",
    parse: choiceOf(["auto", "gpu", "model"]),
  },
  gpu: GPU_SETTING,
  gate: {
    brief: "Gates to judge, with commas: read, capacity",
    placeholder: "GATES",
    defaultValue: ["read"],
    parse: choicesOf(["read", "capacity"]),
  },
  enforce: {
    brief: "Exit by the verdict: 0 PASS, 1 FAIL, 3 INCONCLUSIVE",
    defaultValue: false,
    parse: parseSwitch,
  },
  resume: {
    brief: "Go on with the complete pairs of a run that was stopped",
    defaultValue: false,
    parse: parseSwitch,
  },
  pairs: {
    brief: "Interleaved repetitions of every side",
    placeholder: "N",
    defaultValue: null,
    defaultText: "1, or 6 with the gpu clock",
    parse: wholeNumber({ min: 1, max: 1000 }),
  },
  untilDecided: {
    brief: "Go on after those pairs until the verdict is clear",
    defaultValue: false,
    parse: parseSwitch,
  },
  maxPairs: {
    brief: "Most pairs of a run that goes on until it is decided",
    placeholder: "N",
    defaultValue: 32,
    parse: wholeNumber({ min: 2, max: 1000 }),
  },
  availability: {
    brief: "Reading of free pages at admission: pools, or a known fault",
    placeholder: "READING",
    defaultValue: "pools",
    parse: choiceOf(["pools", "emptied-list", "integer-division", "mixed-units"]),
  },
  pageOrder: {
    brief: "Where pages lie: shuffled (seeded) or identity",
    placeholder: "ORDER",
    defaultValue: "shuffled",
    parse: choiceOf(["shuffled", "identity"]),
  },
  seed: {
    brief: "Seed of page order, acceptance and sampled checks",
    placeholder: "N",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: wholeNumber({ min: 0, max: 0xffff_ffff }),
  },
  warmupSteps: {
    brief: "Discarded steps of each side at the start",
    placeholder: "N",
    defaultValue: null,
    defaultText: "0, or 8 with the gpu clock",
    parse: wholeNumber({ min: 0 }),
  },
  layersMeasured: {
    brief: "Layers with caches of their own on a GPU",
    placeholder: "N",
    defaultValue: null,
    defaultText: "beyond its last-level cache",
    parse: wholeNumber({ min: 1 }),
  },
  checks: {
    brief: "Most sampled correctness checks of each side",
    placeholder: "N",
    defaultValue: 6,
    parse: wholeNumber({ min: 1, max: 10_000 }),
  },
  headWise: {
    brief: "Use the head-wise table; no gate is judged without it",
    defaultValue: true,
    parse: parseSwitch,
    foreignVariable: { name: "FD_HEAD_WISE_KV_CACHE", parse: parseSwitch },
  },
  ratio: {
    brief: "Share of window heads, the first ones of every layer",
    placeholder: "R",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: parseRatio,
    foreignVariable: { name: "FD_T53_HEAD_WISE_SWA_RATIO", parse: parseRatio },
  },
  window: {
    brief: "Window W in tokens; 0 is full context",
    placeholder: "W",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: wholeNumber({ min: 0 }),
  },
  sinks: {
    brief: "Sink tokens S",
    placeholder: "S",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: wholeNumber({ min: 0 }),
  },
  windowFixture: {
    brief: "Give the model a window: W 4096, S 0, ratio 1/H",
    defaultValue: false,
    parse: parseSwitch,
    foreignVariable: { name: "FD_T53_HEAD_WISE_SWA_FIXTURE", parse: parseSwitch },
  },
  prefixCache: {
    brief: "Let prompts share the pages of the prefixes of a trace",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: parseSwitch,
  },
  debugTables: {
    brief: "Validate every block table after every step",
    defaultValue: false,
    parse: parseSwitch,
    foreignVariable: { name: "FD_T53_DEBUG_BLOCK_TABLES", parse: parseSwitch },
  },
  timeline: {
    brief: "Most entries of the recorded timeline; 0 records none",
    placeholder: "N",
    defaultValue: 512,
    parse: wholeNumber({ min: 0, max: 1_000_000 }),
  },
  set: {
    brief: "Replace fixture values: cache.pages=512,tensorParallel=2",
    placeholder: "PATH=VALUE,…",
    defaultValue: null,
    defaultText: "nothing",
    parse: parseText,
  },
  watch: {
    brief: "Run again each time the fixture or the settings file has changed",
    defaultValue: false,
    parse: parseSwitch,
  },
  out: {
    brief: "Where the result is written",
    placeholder: "FILE",
    defaultValue: "results/bench.json",
    parse: parseText,
  },
  json: {
    brief: "Print the whole result as JSON",
    defaultValue: false,
    parse: parseSwitch,
  },
  ...ENDPOINT_SETTINGS,
};
