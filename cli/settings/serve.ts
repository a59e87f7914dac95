import type { SettingsOf } from "./setting.ts";
import { decimalNumber } from "./decimal_number.ts";
import { choiceOf, parseSwitch, parseText, wholeNumber } from "./parsers.ts";

/** Resolved settings of `headwise serve`; the table below says what each one does. */
export interface ServeSettings {
  /** Whether the browser page is served in place of the API. */
  readonly ui: boolean;
  /** Built-in name or YAML file of the workload. */
  readonly fixture: string;
  /** Layout, walk and recycling. */
  readonly side:
    | "uniform"
    | "uniform-clipped"
    | "headwise"
    | "headwise-recycle"
    | "pooled"
    | "pooled-recycle";
  /** Port; 0 takes a free one. */
  readonly port: number;
  /** Address. */
  readonly host: string;
  /** Whether an address that others can reach is meant. */
  readonly allowRemote: boolean;
  /** Factor on the time of every step. */
  readonly stepScale: number;
  /** Tokens of one event. */
  readonly tokensPerEvent: number;
  /** What goes wrong, or null. */
  readonly faults: string | null;
  /** Whether prompts share the pages of their prefixes, or null for what the fixture says. */
  readonly prefixCache: boolean | null;
  /** Most requests taken at once. */
  readonly maxRequests: number;
  /** Most bytes of a body. */
  readonly maxBodyBytes: number;
  /** Most time for a body to arrive, in milliseconds. */
  readonly bodyTimeoutMs: number;
  /** Most connections at once. */
  readonly maxConnections: number;
  /** Most time for a header to arrive, in milliseconds. */
  readonly headerTimeoutMs: number;
  /** Fixture values to replace, or null. */
  readonly set: string | null;
}

/** Every setting of `headwise serve`. */
export const SERVE_SETTINGS: SettingsOf<ServeSettings> = {
  ui: {
    brief: "Serve the browser page, which runs the suites, and no API",
    defaultValue: false,
    parse: parseSwitch,
  },
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
    parse: choiceOf([
      "uniform",
      "uniform-clipped",
      "headwise",
      "headwise-recycle",
      "pooled",
      "pooled-recycle",
    ]),
  },
  port: {
    brief: "Port; 0 takes a free one",
    placeholder: "N",
    defaultValue: 8000,
    parse: wholeNumber({ min: 0, max: 65_535 }),
  },
  host: {
    brief: "Address to listen on",
    placeholder: "ADDRESS",
    defaultValue: "127.0.0.1",
    parse: parseText,
  },
  allowRemote: {
    brief: "Allow an address that other machines can reach; the server knows no users",
    defaultValue: false,
    parse: parseSwitch,
  },
  stepScale: {
    brief: "Factor on the time of every step; 2 is half as fast, 0 takes no time",
    placeholder: "F",
    defaultValue: 1,
    parse: decimalNumber({ min: 0 }),
  },
  tokensPerEvent: {
    brief: "Tokens that are sent in one event",
    placeholder: "N",
    defaultValue: 1,
    parse: wholeNumber({ min: 1 }),
  },
  faults: {
    brief: "What goes wrong each n-th time: status=5,disconnect=7,stall=9,server=…,malformed=…",
    placeholder: "FAULTS",
    defaultValue: null,
    defaultText: "nothing",
    parse: parseText,
  },
  prefixCache: {
    brief: "Let prompts share the pages of their prefixes",
    defaultValue: null,
    defaultText: "the fixture's",
    parse: parseSwitch,
  },
  maxRequests: {
    brief: "Most requests taken at once, waiting ones included; more get 429",
    placeholder: "N",
    defaultValue: 512,
    parse: wholeNumber({ min: 1, max: 65_536 }),
  },
  maxBodyBytes: {
    brief: "Most bytes of a body; more gets 413",
    placeholder: "N",
    defaultValue: 8 << 20,
    parse: wholeNumber({ min: 1 }),
  },
  bodyTimeoutMs: {
    brief: "Most time for a body to arrive; longer gets 408",
    placeholder: "MS",
    defaultValue: 10_000,
    parse: wholeNumber({ min: 1, max: 3_600_000 }),
  },
  maxConnections: {
    brief: "Most connections at once; more get 503",
    placeholder: "N",
    defaultValue: 2048,
    parse: wholeNumber({ min: 1, max: 65_536 }),
  },
  headerTimeoutMs: {
    brief: "Most time for a header to arrive; longer gets 408",
    placeholder: "MS",
    defaultValue: 10_000,
    parse: wholeNumber({ min: 1, max: 3_600_000 }),
  },
  set: {
    brief: "Replace fixture values: cache.pages=512,tensorParallel=2",
    placeholder: "PATH=VALUE,…",
    defaultValue: null,
    defaultText: "nothing",
    parse: parseText,
  },
};
