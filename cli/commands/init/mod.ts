import { buildSettingsCommand } from "../../settings/mod.ts";

const DESCRIPTION = `\
Writes a fixture to start from: whole, commented, and accepted by 'headwise fixture validate' as it
is. Its JSON Schema is written beside it and named in its first line, so that an editor checks and
completes it offline. Without --force no file is overwritten.

EXAMPLES
  headwise init
  headwise init results/mine.yaml --model gpt-oss-20b
  headwise init results/my-model.yaml --kind model
  headwise init results/mine.yaml --model results/my-model.yaml --force`;

/** `headwise init`. */
export const initCommand = buildSettingsCommand({
  command: "init",
  loader: () => import("./run.ts"),
  takes: [{
    brief: "File to write, which ends in .yaml",
    placeholder: "FILE",
    default: "results/workload.yaml",
  }],
  brief: "Write a fixture to start from",
  description: DESCRIPTION,
});
