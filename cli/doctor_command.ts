import { buildCommand, type Command } from "@stricli/core";
import type { CliContext } from "./context.ts";
import type { JsonFlag } from "./fixture_commands.ts";

/** `headwise doctor`. */
export const doctorCommand: Command<CliContext> = buildCommand<JsonFlag, [], CliContext>({
  loader: () => import("./doctor_run.ts"),
  parameters: { flags: { json: { kind: "boolean", brief: "Print JSON", default: false } } },
  docs: {
    brief: "Show what this machine has, and what mends what it lacks",
    fullDescription: "Shows Deno's version, the adapter with its features and limits, and the " +
      "ceilings measured on it.\n\nEXAMPLES\n  headwise doctor",
  },
});
