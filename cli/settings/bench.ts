import { allOf, notWhere, notWith, onlyWith } from "./idle_settings.ts";
import { ROUTERS } from "../../fixtures/routers.ts";
import { ENDPOINT_SETTINGS } from "./endpoint.ts";
import { parseForms, parseGates } from "./gate_names.ts";
import type { SettingTable } from "./setting.ts";
import { CLOCK_BRIEF, parseClock } from "./clock.ts";
import {
  choiceOf,
  parseFactor,
  parseRatio,
  parseSwitch,
  parseText,
  wholeNumber,
} from "./parsers.ts";
import {
  CONFIRM,
  FORCE_SETTING,
  GPU_SETTING,
  JSON_SETTING,
  switchSetting,
  takes,
} from "./shared.ts";
import { TRACE_SETTINGS } from "./trace.ts";

const FIXTURE_DEFAULT = "the fixture's";

/** Settings of a replay. */
export const REPLAY_SETTINGS = {
  fixture: {
    brief: "Built-in name or YAML file",
    ...takes("NAME|FILE", parseText, null, "smoke, or trace-replay with a trace"),
  },
  model: {
    brief: "Model to use instead: name, YAML file or config.json",
    ...takes("NAME|FILE", parseText, null, FIXTURE_DEFAULT),
  },
  trace: {
    brief: "Replay the requests of a trace file instead of the fixture's",
    ...takes("FILE", parseText, null, "no trace"),
  },
  clock: {
    needs: notWith("endpoint"),
    brief: CLOCK_BRIEF,
    ...takes("CLOCK", parseClock, "auto"),
    confirm: CONFIRM.program,
  },
  card: {
    needs: notWith("endpoint"),
    brief: "Card, or profile file, for all that is not timed",
    ...takes("NAME|FILE", parseText, null, "ceilings"),
  },
  calibration: {
    needs: notWith("endpoint"),
    brief: "Factors of 'headwise calibrate --from'",
    ...takes("FILE", parseText, null, "no fit"),
  },
  gpu: { ...GPU_SETTING, needs: notWith("endpoint") },
  gate: {
    brief: "Gates to judge: read, read=BASELINE:CANDIDATE, capacity",
    ...takes("GATES", parseGates, ["read"]),
  },
  sides: {
    needs: notWith("endpoint"),
    brief: "More kernel forms to replay, or all",
    ...takes("FORMS", parseForms, null, "the gates'"),
    option: "moreSides",
  },
  enforce: switchSetting("Exit by the verdict: 0 PASS, 1 FAIL, 3 INCONCLUSIVE"),
  resume: switchSetting("Resume a stopped run; complete pairs are kept"),
  pairs: {
    brief: "Interleaved repetitions of every side",
    ...takes("N", wholeNumber({ min: 1, max: 1000 }), null, "1, or 6 with the gpu clock"),
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
    ...takes("N", wholeNumber({ min: 2, max: 1000 }), 32),
    option: "maxPairs",
  },
  load: {
    brief: "Arrivals at this share of the saturated rate, as 0.5",
    ...takes("SHARE", parseFactor, null, FIXTURE_DEFAULT),
  },
  concurrency: {
    brief: "Closed loop of N requests: each that ends brings one",
    ...takes("N", wholeNumber({ min: 1, max: 65_536 }), null, FIXTURE_DEFAULT),
  },
  replicas: {
    needs: notWith("endpoint"),
    brief: "Replicas of the engine behind a router",
    ...takes("N", wholeNumber({ min: 1, max: 1024 }), null, FIXTURE_DEFAULT),
    option: "replicas",
  },
  router: {
    needs: notWith("endpoint"),
    brief: "Router: round-robin, least-loaded or prefix-aware",
    ...takes("NAME", choiceOf(ROUTERS), null, FIXTURE_DEFAULT),
    option: "router",
  },
  workers: {
    needs: notWith("endpoint"),
    brief: "Cores that replay replicas, to the same result",
    ...takes("N", wholeNumber({ min: 1, max: 1024 }), null, "all"),
  },
  scheduler: {
    brief: "Scheduler: reference, vllm-v1, sglang or fastdeploy-v1",
    ...takes(
      "NAME",
      choiceOf(["reference", "vllm-v1", "sglang", "fastdeploy-v1"]),
      null,
      FIXTURE_DEFAULT,
    ),
  },
  availability: {
    needs: notWith("endpoint"),
    brief: "Reading of free pages at admission: pools, or a known fault",
    ...takes(
      "READING",
      choiceOf(["pools", "emptied-list", "integer-division", "mixed-units"]),
      "pools",
    ),
    option: "availability",
  },
  pageOrder: {
    needs: notWith("endpoint"),
    brief: "Order of pages: shuffled (seeded) or identity",
    ...takes("ORDER", choiceOf(["shuffled", "identity"]), "shuffled"),
    option: "pageOrder",
  },
  seed: {
    brief: "Seed of page order, acceptance and sampled checks",
    ...takes("N", wholeNumber({ min: 0, max: 0xffff_ffff }), null, FIXTURE_DEFAULT),
    option: "seed",
  },
  warmupSteps: {
    needs: notWith("endpoint"),
    brief: "Warm-up steps of each side, discarded",
    ...takes("N", wholeNumber({ min: 0 }), null, "0, or 8 with the gpu clock"),
    option: "warmupSteps",
  },
  layersMeasured: {
    needs: allOf(notWith("endpoint"), notWhere("clock", /^(?:model$|table:)/)),
    brief: "Layers with caches of their own on a GPU",
    ...takes("N", wholeNumber({ min: 1 }), null, "beyond its last-level cache"),
  },
  checks: {
    needs: notWith("endpoint"),
    brief: "Maximum sampled correctness checks of each side",
    ...takes("N", wholeNumber({ min: 1, max: 10_000 }), 6),
    option: "maxChecks",
  },
  headWise: {
    brief: "Use the head-wise table; no gate is judged without it",
    defaultValue: true,
    parse: parseSwitch,
    foreignVariable: "FD_HEAD_WISE_KV_CACHE",
  },
  ratio: {
    brief: "Share of window heads, the first ones of every layer",
    ...takes("R", parseRatio, null, FIXTURE_DEFAULT),
    foreignVariable: "FD_T53_HEAD_WISE_SWA_RATIO",
  },
  window: {
    brief: "Window W in tokens; 0 is full context",
    ...takes("W", wholeNumber({ min: 0 }), null, FIXTURE_DEFAULT),
  },
  sinks: {
    brief: "Sink tokens S",
    ...takes("S", wholeNumber({ min: 0 }), null, FIXTURE_DEFAULT),
  },
  windowFixture: {
    brief: "Give the model a window: W 4096, S 0, ratio 1/H",
    defaultValue: false,
    parse: parseSwitch,
    foreignVariable: "FD_T53_HEAD_WISE_SWA_FIXTURE",
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
    foreignVariable: "FD_T53_DEBUG_BLOCK_TABLES",
    option: "debugTables",
  },
  timeline: {
    needs: notWith("endpoint"),
    brief: "Maximum entries of the recorded timeline; 0 disables it",
    ...takes("N", wholeNumber({ min: 0, max: 1_000_000 }), 512),
    option: "timelineEntries",
  },
  set: {
    brief: "Replace fixture values: cache.pages=512,tensorParallel=2",
    ...takes("PATH=VALUE,…", parseText, null, "nothing"),
  },
  watch: switchSetting("Run again each time the fixture or the settings file has changed"),
  out: {
    brief: "Where the result is written",
    ...takes("FILE", parseText, "results/bench.json"),
  },
  force: FORCE_SETTING,
  json: JSON_SETTING,
} as const satisfies SettingTable;

/** Every setting of `headwise bench`. */
export const BENCH_SETTINGS = { ...REPLAY_SETTINGS, ...TRACE_SETTINGS, ...ENDPOINT_SETTINGS };
