import { buildCommand, buildRouteMap, type Command, type RouteMap } from "@stricli/core";
import type { CliContext } from "../../terminal/mod.ts";
import type { JsonFlag } from "../../settings/mod.ts";
import { choiceOf } from "../../settings/mod.ts";

/** Languages that `headwise adapter init` knows. */
export type AdapterLanguage = "python" | "ts" | "c";

/** Flags of `headwise adapter init`. */
export interface InitFlags {
  /** Folder that gets the files. */
  readonly out: string;
}

const text = (value: string): string => value;

const init: Command<CliContext> = buildCommand<InitFlags, [AdapterLanguage], CliContext>({
  loader: async () => (await import("./run.ts")).initAdapter,
  parameters: {
    flags: {
      out: {
        kind: "parsed",
        parse: text,
        brief: "Folder that gets the files",
        placeholder: "FOLDER",
        default: "results/adapter",
      },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "Language of the adapter: python, ts or c",
        placeholder: "LANGUAGE",
        parse: choiceOf<AdapterLanguage>(["python", "ts", "c"]),
      }],
    },
  },
  docs: {
    brief: "Write an adapter that runs, to start from",
    fullDescription: "Writes an adapter that claims one capability. No file is written over.\n\n" +
      "EXAMPLES\n  headwise adapter init python\n  headwise adapter init c --out results/mine",
  },
});

const smoke: Command<CliContext> = buildCommand<JsonFlag, [string], CliContext>({
  loader: async () => (await import("./run.ts")).smokeAdapter,
  parameters: {
    flags: { json: { kind: "boolean", brief: "Print JSON", default: false } },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "exec:COMMAND, module:FILE.ts, ffi:LIBRARY, webgpu or oracle",
        placeholder: "SUBJECT",
        parse: text,
      }],
    },
  },
  docs: {
    brief: "Tell in seconds whether an adapter speaks",
    fullDescription:
      "Runs one case of each group that the adapter claims. Exits 0 if all pass, 1 " +
      "if one fails,\n4 if the adapter does not speak.\n\n" +
      "EXAMPLES\n  headwise adapter smoke 'exec:python3 results/adapter/my_adapter.py'",
  },
});

/** `headwise adapter`. */
export const adapterRoutes: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
  routes: { init, smoke },
  docs: { brief: "Write and try an adapter for another implementation" },
});
