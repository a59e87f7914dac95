import type { SettingTable } from "./setting.ts";
import { decimalNumber, parseSwitch, parseText, wholeNumber } from "./parsers.ts";
import { parseSide } from "./gate_names.ts";
import { pairListOf } from "./pair_lists.ts";
import { CONFIRM, switchSetting, takes } from "./shared.ts";

/** Bounds of what clients may ask for. */
export const BOUND_SETTINGS = {
  maxRequests: {
    brief: "Maximum concurrent requests, waiting ones included; others get 429",
    ...takes("N", wholeNumber({ min: 1, max: 65_536 }), 512),
    option: "maxRequests",
  },
  maxBodyBytes: {
    brief: "Maximum bytes of a request body; larger ones get 413",
    ...takes("N", wholeNumber({ min: 1 }), 8 << 20),
    option: "maxBodyBytes",
  },
  bodyTimeoutMs: {
    brief: "Timeout for a request body to arrive; then 408",
    ...takes("MS", wholeNumber({ min: 1, max: 3_600_000 }), 10_000),
    option: "bodyTimeoutMs",
  },
  maxConnections: {
    brief: "Maximum concurrent connections; others get 503",
    ...takes("N", wholeNumber({ min: 1, max: 65_536 }), 2048),
    option: "maxConnections",
  },
  headerTimeoutMs: {
    brief: "Timeout for a header to arrive; then 408",
    ...takes("MS", wholeNumber({ min: 1, max: 3_600_000 }), 10_000),
    option: "headerTimeoutMs",
  },
} as const satisfies SettingTable;

/** Settings of the server beside its bounds. */
export const API_SETTINGS = {
  ui: switchSetting("Serve the browser page, which runs the suites, and no API"),
  fixture: {
    brief: "Built-in name or YAML file: model, cache, scheduler and ceilings",
    ...takes("NAME|FILE", parseText, "smoke"),
  },
  side: {
    brief: "Layout, walk and recycling, as in 'headwise bench'",
    ...takes("SIDE", parseSide, "pooled-recycle"),
  },
  port: {
    brief: "Port; 0 picks a free one",
    ...takes("N", wholeNumber({ min: 0, max: 65_535 }), 8000),
    option: "port",
  },
  host: {
    brief: "Address to listen on",
    ...takes("ADDRESS", parseText, "127.0.0.1"),
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
    ...takes("F", decimalNumber({ min: 0 }), 1),
    option: "timeScale",
  },
  tokensPerEvent: {
    brief: "Tokens that are sent in one event",
    ...takes("N", wholeNumber({ min: 1 }), 1),
    option: "tokensPerEvent",
  },
  faults: {
    brief:
      "Inject faults each n-th time, as stall=9: status, disconnect, server, malformed, abort, cut",
    ...takes(
      "FAULTS",
      pairListOf(
        ["status", "server", "disconnect", "stall", "malformed", "abort", "cut"],
        { value: /^[1-9]\d*$/, example: "stall=10" },
      ),
      null,
      "nothing",
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
    ...takes("PATH=VALUE,…", parseText, null, "nothing"),
  },
} as const satisfies SettingTable;

/** Every setting of `headwise serve`. */
export const SERVE_SETTINGS = { ...API_SETTINGS, ...BOUND_SETTINGS };
