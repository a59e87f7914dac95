import { allOf, notWhere, notWith, onlyWith } from "./idle_settings.ts";
import { ROUTERS } from "../../fixtures/routers.ts";
import { ENDPOINT_SETTINGS } from "./endpoint.ts";
import { parseForms, parseGates } from "./gate_names.ts";
import type { SettingTable, SettingValues } from "./setting.ts";
import { CLOCK_BRIEF, parseClock } from "./clock.ts";
import {
  choiceOf,
  parseFactor,
  parseRatio,
  parseSwitch,
  parseText,
  wholeNumber,
} from "./parsers.ts";
import { CONFIRM, FORCE_SETTING, GPU_SETTING, JSON_SETTING, switchSetting } from "./shared.ts";
import { TRACE_SETTINGS } from "./trace.ts";

const FIXTURE_DEFAULT = "the fixture's";

/** Settings of a replay. */
export const REPLAY_SETTINGS = {
  fixture: {
    brief: "Built-in name or YAML file",
    placeholder: "NAME|FILE",
    defaultValue: null,
    defaultText: "smoke, or trace-replay with a trace",
    parse: parseText,
  },
  model: {
    brief: "Model to use instead: name, YAML file or config.json",
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
  clock: {
    needs: notWith("endpoint"),
    brief: CLOCK_BRIEF,
    placeholder: "CLOCK",
    defaultValue: "auto",
    parse: parseClock,
    confirm: CONFIRM.program,
  },
  card: {
    needs: notWith("endpoint"),
    brief: "Card, or profile file, for all that is not timed",
    placeholder: "NAME|FILE",
    defaultValue: null,
    defaultText: "ceilings",
    parse: parseText,
  },
  calibration: {
    needs: notWith("endpoint"),
    brief: "Factors of 'headwise calibrate --from'",
    placeholder: "FILE",
    defaultValue: null,
    defaultText: "no fit",
    parse: parseText,
  },
  gpu: { ...GPU_SETTING, needs: notWith("endpoint") },
  gate: {
    brief: "Gates to judge: read, read=BASELINE:CANDIDATE, capacity",
    placeholder: "GATES",
    defaultValue: ["read"],
    parse: parseGates,
  },
  sides: {
    needs: notWith("endpoint"),
    brief: "More kernel forms to replay, or all",
    placeholder: "FORMS",
    defaultValue: null,
    defaultText: "the gates'",
    parse: parseForms,
    option: "moreSides",
  },
  enforce: switchSetting("Exit by the verdict: 0 PASS, 1 FAIL, 3 INCONCLUSIVE"),
  resume: switchSetting("Resume a stopped run; complete pairs are kept"),
  pairs: {
    brief: "Interleaved repetitions of every side",
    placeholder: "N",
    defaultValue: null,
    defaultText: "1, or 6 with the gpu clock",
    parse: wholeNumber({ min: 1, max: 1000 }),
    option: "pairs",
  },
  futility: {
    needs: notWith("endpoint"),
    ...switchSetting("Give up a run that will most likely stay undecided"),
    option: "futility",
  },
  untilDecided: {
    needs: notWith("endpoint"),
    ...switchSetting("Add pairs until the verdict is decided"),
    option: "untilDecided",
  },
  maxPairs: {
    needs: onlyWith("untilDecided"),
    brief: "Maximum number of pairs with --until-decided",
    placeholder: "N",
    defaultValue: 32,
    parse: wholeNumber({ min: 2, max: 1000 }),
    option: "maxPairs",
  },
  load: {
    brief: "Arrivals at this share of the saturated rate, as 0.5",
    placeholder: "SHARE",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: parseFactor,
  },
  concurrency: {
    brief: "Closed loop of N requests: each that ends brings one",
    placeholder: "N",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: wholeNumber({ min: 1, max: 65_536 }),
  },
  replicas: {
    needs: notWith("endpoint"),
    brief: "Replicas of the engine behind a router",
    placeholder: "N",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: wholeNumber({ min: 1, max: 1024 }),
    option: "replicas",
  },
  router: {
    needs: notWith("endpoint"),
    brief: "Router: round-robin, least-loaded or prefix-aware",
    placeholder: "NAME",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: choiceOf(ROUTERS),
    option: "router",
  },
  scheduler: {
    brief: "Scheduler: reference, vllm-v1, sglang or fastdeploy-v1",
    placeholder: "NAME",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: choiceOf(["reference", "vllm-v1", "sglang", "fastdeploy-v1"]),
  },
  availability: {
    needs: notWith("endpoint"),
    brief: "Reading of free pages at admission: pools, or a known fault",
    placeholder: "READING",
    defaultValue: "pools",
    parse: choiceOf(["pools", "emptied-list", "integer-division", "mixed-units"]),
    option: "availability",
  },
  pageOrder: {
    needs: notWith("endpoint"),
    brief: "Order of pages: shuffled (seeded) or identity",
    placeholder: "ORDER",
    defaultValue: "shuffled",
    parse: choiceOf(["shuffled", "identity"]),
    option: "pageOrder",
  },
  seed: {
    brief: "Seed of page order, acceptance and sampled checks",
    placeholder: "N",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: wholeNumber({ min: 0, max: 0xffff_ffff }),
    option: "seed",
  },
  warmupSteps: {
    needs: notWith("endpoint"),
    brief: "Warm-up steps of each side, discarded",
    placeholder: "N",
    defaultValue: null,
    defaultText: "0, or 8 with the gpu clock",
    parse: wholeNumber({ min: 0 }),
    option: "warmupSteps",
  },
  layersMeasured: {
    needs: allOf(notWith("endpoint"), notWhere("clock", /^(?:model$|table:)/)),
    brief: "Layers with caches of their own on a GPU",
    placeholder: "N",
    defaultValue: null,
    defaultText: "beyond its last-level cache",
    parse: wholeNumber({ min: 1 }),
  },
  checks: {
    needs: notWith("endpoint"),
    brief: "Maximum sampled correctness checks of each side",
    placeholder: "N",
    defaultValue: 6,
    parse: wholeNumber({ min: 1, max: 10_000 }),
    option: "maxChecks",
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
    brief: "Reuse cached prefixes of a trace (prefix caching)",
    defaultValue: null,
    defaultText: FIXTURE_DEFAULT,
    parse: parseSwitch,
    option: "prefixCache",
  },
  debugTables: {
    needs: notWith("endpoint"),
    brief: "Validate every block table after every step",
    defaultValue: false,
    parse: parseSwitch,
    foreignVariable: { name: "FD_T53_DEBUG_BLOCK_TABLES", parse: parseSwitch },
    option: "debugTables",
  },
  timeline: {
    needs: notWith("endpoint"),
    brief: "Maximum entries of the recorded timeline; 0 disables it",
    placeholder: "N",
    defaultValue: 512,
    parse: wholeNumber({ min: 0, max: 1_000_000 }),
    option: "timelineEntries",
  },
  set: {
    brief: "Replace fixture values: cache.pages=512,tensorParallel=2",
    placeholder: "PATH=VALUE,…",
    defaultValue: null,
    defaultText: "nothing",
    parse: parseText,
  },
  watch: switchSetting("Run again each time the fixture or the settings file has changed"),
  out: {
    brief: "Where the result is written",
    placeholder: "FILE",
    defaultValue: "results/bench.json",
    parse: parseText,
  },
  force: FORCE_SETTING,
  json: JSON_SETTING,
} as const satisfies SettingTable;

/** Every setting of `headwise bench`. */
export const BENCH_SETTINGS = { ...REPLAY_SETTINGS, ...TRACE_SETTINGS, ...ENDPOINT_SETTINGS };

/** Resolved settings of `headwise bench`. */
export type BenchSettings = SettingValues<typeof BENCH_SETTINGS>;
