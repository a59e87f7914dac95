import { buildRouteMap } from "@stricli/core";
import type { SkeletonLanguage } from "../../../conformance/mod.ts";
import type { CliContext } from "../../terminal/mod.ts";
import { buildSettingsCommand, choiceOf } from "../../settings/mod.ts";

const init = buildSettingsCommand({
  command: "adapter init",
  loader: async () => (await import("./run.ts")).initAdapter,
  takes: [{
    brief: "Language of the adapter: python, ts or c",
    placeholder: "LANGUAGE",
    parse: choiceOf<SkeletonLanguage>(["python", "ts", "c"]),
  }],
  brief: "Write a runnable adapter to start from",
  description: "Writes an adapter that claims one capability. No file is overwritten.\n\n" +
    "EXAMPLES\n  headwise adapter init python\n  headwise adapter init python --clock\n  headwise adapter init c --out results/mine",
});

const smoke = buildSettingsCommand({
  command: "adapter smoke",
  loader: async () => (await import("./run.ts")).smokeAdapter,
  takes: [{
    brief: "exec:COMMAND, module:FILE.ts, ffi:LIBRARY, webgpu or oracle",
    placeholder: "SUBJECT",
  }],
  brief: "Check in seconds whether an adapter answers",
  description:
    "Runs one case of each group that the adapter claims. Exits 0 if all pass, 1 if one " +
    "fails,\n4 if the adapter does not answer.\n\n" +
    "EXAMPLES\n  headwise adapter smoke 'exec:python3 results/adapter/my_adapter.py'",
});

/** `headwise adapter`. */
export const adapterRoutes = buildRouteMap<string, CliContext>({
  routes: { init, smoke },
  docs: { brief: "Write and try an adapter for another implementation" },
});
