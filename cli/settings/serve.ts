import type { SettingTable } from "./setting.ts";
import { decimalNumber } from "./decimal_number.ts";
import { parseSwitch, parseText, wholeNumber } from "./parsers.ts";
import { parseSide } from "./gate_names.ts";
import { pairListOf } from "./pair_lists.ts";
import { CONFIRM, switchSetting } from "./shared.ts";

/** Bounds of what clients may ask for. */
export const BOUND_SETTINGS = {
  maxRequests: {
    brief: "Maximum concurrent requests, waiting ones included; others get 429",
    placeholder: "N",
    defaultValue: 512,
    parse: wholeNumber({ min: 1, max: 65_536 }),
    option: "maxRequests",
  },
  maxBodyBytes: {
    brief: "Maximum bytes of a request body; larger ones get 413",
    placeholder: "N",
    defaultValue: 8 << 20,
    parse: wholeNumber({ min: 1 }),
    option: "maxBodyBytes",
  },
  bodyTimeoutMs: {
    brief: "Timeout for a request body to arrive; then 408",
    placeholder: "MS",
    defaultValue: 10_000,
    parse: wholeNumber({ min: 1, max: 3_600_000 }),
    option: "bodyTimeoutMs",
  },
  maxConnections: {
    brief: "Maximum concurrent connections; others get 503",
    placeholder: "N",
    defaultValue: 2048,
    parse: wholeNumber({ min: 1, max: 65_536 }),
    option: "maxConnections",
  },
  headerTimeoutMs: {
    brief: "Timeout for a header to arrive; then 408",
    placeholder: "MS",
    defaultValue: 10_000,
    parse: wholeNumber({ min: 1, max: 3_600_000 }),
    option: "headerTimeoutMs",
  },
} as const satisfies SettingTable;

/** Settings of the server beside its bounds. */
export const API_SETTINGS = {
  ui: switchSetting("Serve the browser page, which runs the suites, and no API"),
  fixture: {
    brief: "Built-in name or YAML file: model, cache, scheduler and ceilings",
    placeholder: "NAME|FILE",
    defaultValue: "smoke",
    parse: parseText,
  },
  side: {
    brief: "Layout, walk and recycling, as in 'headwise bench'",
    placeholder: "SIDE",
    defaultValue: "pooled-recycle",
    parse: parseSide,
  },
  port: {
    brief: "Port; 0 picks a free one",
    placeholder: "N",
    defaultValue: 8000,
    parse: wholeNumber({ min: 0, max: 65_535 }),
    option: "port",
  },
  host: {
    brief: "Address to listen on",
    placeholder: "ADDRESS",
    defaultValue: "127.0.0.1",
    parse: parseText,
    confirm: CONFIRM.address,
    option: "hostname",
  },
  allowRemote: {
    ...switchSetting("Allow an address that other machines can reach; the server knows no users"),
    confirm: CONFIRM.address,
    option: "allowRemote",
  },
  stepScale: {
    brief: "Factor on the time of every step; 2 is half as fast, 0 takes no time",
    placeholder: "F",
    defaultValue: 1,
    parse: decimalNumber({ min: 0 }),
    option: "timeScale",
  },
  tokensPerEvent: {
    brief: "Tokens that are sent in one event",
    placeholder: "N",
    defaultValue: 1,
    parse: wholeNumber({ min: 1 }),
    option: "tokensPerEvent",
  },
  faults: {
    brief:
      "Inject faults each n-th time, as stall=9: status, disconnect, server, malformed, abort, cut",
    placeholder: "FAULTS",
    defaultValue: null,
    defaultText: "nothing",
    parse: pairListOf(
      ["status", "server", "disconnect", "stall", "malformed", "abort", "cut"],
      { value: /^[1-9]\d*$/, example: "stall=10" },
    ),
  },
  prefixCache: {
    brief: "Reuse cached prefixes (prefix caching)",
    defaultValue: null,
    defaultText: "the fixture's",
    parse: parseSwitch,
    option: "prefixCache",
  },
  set: {
    brief: "Replace fixture values: cache.pages=512,tensorParallel=2",
    placeholder: "PATH=VALUE,…",
    defaultValue: null,
    defaultText: "nothing",
    parse: parseText,
  },
} as const satisfies SettingTable;

/** Every setting of `headwise serve`. */
export const SERVE_SETTINGS = { ...API_SETTINGS, ...BOUND_SETTINGS };
