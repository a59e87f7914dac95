import { buildCommand, buildRouteMap, type Command, type RouteMap } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { wholeNumber } from "./setting_parsers.ts";

/** Flags of the commands that only choose a form of output. */
export interface JsonFlag {
  /** Whether to print JSON. */
  readonly json: boolean;
}

/** Flags of `headwise fixture validate`. */
export interface ValidateFlags extends JsonFlag {
  /** Whether it checks again each time a file has changed. */
  readonly watch: boolean;
}

/** Flags of `headwise fixture import`. */
export interface ImportFlags extends JsonFlag {
  /** Format of the file. */
  readonly format: "auto" | "azure" | "mooncake" | "burstgpt";
  /** Most requests taken. */
  readonly limit?: number;
  /** Where the requests are written. */
  readonly out?: string;
}

const JSON_FLAG = { kind: "boolean", brief: "Print JSON", default: false } as const;
const text = (value: string): string => value;

const list: Command<CliContext> = buildCommand<JsonFlag, [], CliContext>({
  loader: async () => (await import("./fixture_run.ts")).listFixtures,
  parameters: { flags: { json: JSON_FLAG } },
  docs: {
    brief: "List the built-in workloads and models",
    fullDescription: "Lists the built-in workloads, each with what it stresses, and the built-in " +
      "models.\n\nEXAMPLES\n  headwise fixture list\n  headwise fixture list --json",
  },
});

const show: Command<CliContext> = buildCommand<JsonFlag, [string], CliContext>({
  loader: async () => (await import("./fixture_run.ts")).showFixture,
  parameters: {
    flags: { json: JSON_FLAG },
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Built-in name or YAML file", placeholder: "NAME|FILE", parse: text }],
    },
  },
  docs: {
    brief: "Show a workload with every default filled in",
    fullDescription: "Shows a workload with every default filled in: model, head map, cache, " +
      "scheduler, requests.\n\nEXAMPLES\n  headwise fixture show long-prefill\n" +
      "  headwise fixture show my.yaml --json",
  },
});

const validate: Command<CliContext> = buildCommand<ValidateFlags, string[], CliContext>({
  loader: async () => (await import("./fixture_run.ts")).validateFixtures,
  parameters: {
    flags: {
      json: JSON_FLAG,
      watch: {
        kind: "boolean",
        brief: "Check again each time a file has changed",
        default: false,
        withNegated: false,
      },
    },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { brief: "Built-in names or YAML files", placeholder: "NAME|FILE", parse: text },
    },
  },
  docs: {
    brief: "Check workloads; every finding has its line, column and fix",
    fullDescription: "Checks workloads and exits 4 if one is rejected. Flat engine files are " +
      "understood too.\n\nEXAMPLES\n  headwise fixture validate my.yaml\n" +
      "  headwise fixture validate my.yaml --watch",
  },
});

const importTrace: Command<CliContext> = buildCommand<ImportFlags, [string], CliContext>({
  loader: async () => (await import("./fixture_import_run.ts")).default,
  parameters: {
    flags: {
      format: {
        kind: "enum",
        values: ["auto", "azure", "mooncake", "burstgpt"],
        brief: "Format of the file",
        default: "auto",
      },
      limit: {
        kind: "parsed",
        parse: wholeNumber({ min: 1 }),
        brief: "Take only the first N requests",
        placeholder: "N",
        optional: true,
      },
      out: {
        kind: "parsed",
        parse: text,
        brief: "Write the requests as JSON lines",
        placeholder: "FILE",
        optional: true,
      },
      json: JSON_FLAG,
    },
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Trace file", placeholder: "FILE", parse: text }],
    },
  },
  docs: {
    brief: "Read a trace and account for every row",
    fullDescription: "Reads an Azure 2023 CSV, a Mooncake JSONL or a BurstGPT CSV: rows read are " +
      "rows taken plus\nrows dropped, each with its reason.\n\n" +
      "EXAMPLES\n  headwise fixture import trace.csv --limit 200 --out results/requests.jsonl",
  },
});

/** `headwise fixture`. */
export const fixtureRoutes: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
  routes: { list, show, validate, import: importTrace },
  docs: { brief: "List, show, check and import workloads" },
});
