import { buildCommand, type Command } from "@stricli/core";
import type { CliContext } from "../../terminal/mod.ts";
import { choiceOf, parseText } from "../../settings/mod.ts";

/** Flags of `headwise init`. */
export interface InitFixtureFlags {
  /** What is written. */
  readonly kind: "workload" | "model";
  /** Built-in model, or path of a model file. */
  readonly model: string;
  /** Whether files that are there are written over. */
  readonly force: boolean;
}

const DESCRIPTION = `\
Writes a fixture to start from: whole, commented, and accepted by 'headwise fixture validate' as it
is. Its JSON Schema is written beside it and named in its first line, so that an editor checks and
completes it offline. Without --force no file is written over.

EXAMPLES
  headwise init
  headwise init results/mine.yaml --model gpt-oss-20b
  headwise init results/my-model.yaml --kind model
  headwise init results/mine.yaml --model results/my-model.yaml --force`;

/** `headwise init`. */
export const initCommand: Command<CliContext> = buildCommand<
  InitFixtureFlags,
  [string],
  CliContext
>({
  loader: () => import("./run.ts"),
  parameters: {
    flags: {
      kind: {
        kind: "parsed",
        parse: choiceOf<"workload" | "model">(["workload", "model"]),
        brief: "What to write: workload or model",
        placeholder: "KIND",
        default: "workload",
      },
      model: {
        kind: "parsed",
        parse: parseText,
        brief: "Model of the workload: built-in name or YAML file",
        placeholder: "MODEL",
        default: "smoke",
      },
      force: { kind: "boolean", brief: "Write over what is there", default: false },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "File to write, which ends in .yaml",
        placeholder: "FILE",
        parse: parseText,
        default: "results/workload.yaml",
      }],
    },
  },
  docs: { brief: "Write a fixture to start from", fullDescription: DESCRIPTION },
});
