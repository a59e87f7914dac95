import { choiceOf, parseText, wholeNumber } from "./parsers.ts";
import type { SettingTable } from "./setting.ts";
import {
  CONFIRM,
  FORCE_SETTING,
  GPU_SETTING,
  JSON_SETTING,
  switchSetting,
  takes,
} from "./shared.ts";

function count<DEFAULT extends number>(brief: string, defaultValue: DEFAULT, min: number) {
  return { brief, ...takes("N", wholeNumber({ min }), defaultValue) };
}

const MEASURE_SETTINGS = {
  gpu: GPU_SETTING,
  set: {
    brief: "Cases: smoke, h200, matrix, quantised or all",
    ...takes(
      "NAME",
      choiceOf(["smoke", "h200", "matrix", "quantised", "all"]),
      null,
      "h200 on a GPU, else smoke",
    ),
    variable: "HEADWISE_KERNEL_SET",
  },
  file: {
    brief: "YAML file of cases in place of the built-in ones",
    ...takes("FILE", parseText, null, "the built-in cases"),
    variable: "HEADWISE_KERNEL_CASES",
  },
  runs: count("Timed runs of each case", 31, 1),
  checks: count("Rows of each case that are compared with the oracle", 4, 1),
  seed: count("Seed of pages, contents and checked rows", 1, 0),
  maxGigabytes: count("Skip cases whose caches are larger, in 10^9 bytes", 100, 1),
} as const satisfies SettingTable;

/** Every setting of `headwise kernel bench`. */
export const KERNEL_BENCH_SETTINGS = {
  ...MEASURE_SETTINGS,
  cases: {
    brief: "Only cases whose names match, with * and commas",
    ...takes("GLOB", parseText, "*"),
  },
  tuning: {
    brief: "Variants: stored (found by 'kernel tune') or default",
    ...takes("NAME", choiceOf(["stored", "default"]), "stored"),
  },
  peers: {
    ...switchSetting(
      "Also time PyTorch, Triton, ONNX Runtime, llama.cpp if installed",
    ),
    confirm: CONFIRM.programs,
  },
  json: {
    brief: "Write the result with all samples",
    ...takes("FILE", parseText, null),
    variable: "HEADWISE_KERNEL_JSON",
  },
  resume: switchSetting("Resume a stopped run of --json; timed cases are kept"),
  force: FORCE_SETTING,
} as const satisfies SettingTable;

/** Every setting of `headwise kernel tune`. */
export const KERNEL_TUNE_SETTINGS = {
  ...MEASURE_SETTINGS,
  cases: {
    brief: "Only cases whose names match, with * and commas",
    ...takes("GLOB", parseText, null, "decode cases"),
  },
} as const satisfies SettingTable;

/** Every setting of `headwise kernel roofline`. */
export const ROOFLINE_SETTINGS = {
  out: {
    brief: "SVG file to write",
    ...takes("FILE", parseText, "results/roofline.svg"),
    alias: "o",
  },
  force: FORCE_SETTING,
} as const satisfies SettingTable;

function only<T>(brief: string, placeholder: string, parse: (text: string) => T) {
  return { brief: `Only this ${brief}`, ...takes(placeholder, parse, null, "any") };
}

/** Every setting of `headwise kernel list`: each restricts one axis. */
export const KERNEL_LIST_SETTINGS = {
  group: {
    ...only("number of query heads a KV head", "N", wholeNumber({ min: 0 })),
    option: "group",
  },
  headSize: { ...only("head size", "N", wholeNumber({ min: 0 })), option: "headSize" },
  pageSize: { ...only("page size", "N", wholeNumber({ min: 0 })), option: "pageSizeTokens" },
  storage: {
    ...only("storage type: bf16 or f16", "TYPE", choiceOf(["bf16", "f16"])),
    option: "storage",
  },
  cache: {
    ...only(
      "cache: c16, or the type of quantised keys and values",
      "TYPE",
      choiceOf(["c16", "int8", "fp8_e4m3", "fp8_e5m2", "int4", "fp4"]),
    ),
    option: "cache",
  },
  layout: {
    ...only(
      "layout: uniform, headwise or pooled",
      "NAME",
      choiceOf(["uniform", "headwise", "pooled"]),
    ),
    option: "layout",
  },
  subgroupSize: {
    ...only("subgroup size; 0 for programs without subgroups", "N", wholeNumber({ min: 0 })),
    option: "subgroupSize",
  },
  json: JSON_SETTING,
} as const satisfies SettingTable;
