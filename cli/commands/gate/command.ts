import type { Command } from "@stricli/core";
import type { CliContext } from "../../terminal/mod.ts";
import { buildSettingsCommand, parseText } from "../../settings/mod.ts";

const DESCRIPTION = `\
Judges a side of one result against a side of another, both written by 'headwise bench' on the same
requests with the same options. Exits by the verdict: 0 PASS, 1 FAIL, 3 INCONCLUSIVE. Runs of two
files were not interleaved, so a measured PASS needs --accept-unpaired; modelled times do not drift.

Also reads result files of the serving benchmarks of vLLM, SGLang and FastDeploy, and says what they
allow: one run a side gives a ratio without an interval, which is judged only with
--accept-point-estimate; several runs, a line each in one file, give an interval.

EXAMPLES
  headwise gate uniform.json headwise.json
  headwise gate before.json after.json --baseline-side headwise --candidate-side headwise
  headwise gate a.json b.json --gate capacity --json
  headwise gate vllm-before.json vllm-after.json --accept-point-estimate`;

/** `headwise gate`. */
export const gateCommand: Command<CliContext> = buildSettingsCommand({
  command: "gate",
  loader: () => import("./run.ts"),
  positional: {
    kind: "tuple",
    parameters: [
      { brief: "Result to compare against", placeholder: "BASELINE", parse: parseText },
      { brief: "Result that is judged", placeholder: "CANDIDATE", parse: parseText },
    ],
  },
  brief: "Judge one result against another",
  description: DESCRIPTION,
});
