import { buildSettingsCommand } from "../../settings/mod.ts";

const DESCRIPTION = `\
Judges the second result against the first. Two results of 'headwise bench' are compared side by
side: no side may be worse than --max-regression in mean TTFT, mean TBT or throughput. Name sides to
compare two different ones by the thresholds of --gate read or capacity. Exits by the verdict: 0
PASS, 1 FAIL, 3 INCONCLUSIVE; results of different workloads, cards or settings are refused, with
what differs. Measured runs of two files were not interleaved: a verdict needs --accept-unpaired.

Also reads result files of the serving benchmarks of vLLM, SGLang and FastDeploy, and says what they
allow: one run per side gives a ratio without an interval, which is judged only with
--accept-point-estimate; several runs, a line each in one file, give an interval. They are judged by
--gate read unless a regression is asked for.

EXAMPLES
  headwise gate before.json after.json
  headwise gate before.json after.json --max-regression 0.05
  headwise gate run.json run.json --baseline-side uniform --candidate-side headwise
  headwise gate a.json b.json --gate capacity --json
  headwise gate vllm-before.json vllm-after.json --max-regression 0.02 --accept-point-estimate`;

/** `headwise gate`. */
export const gateCommand = buildSettingsCommand({
  command: "gate",
  loader: () => import("./run.ts"),
  takes: [
    { brief: "Result to compare against", placeholder: "BASELINE" },
    { brief: "Result that is judged", placeholder: "CANDIDATE" },
  ],
  brief: "Judge one result against another",
  description: DESCRIPTION,
});
