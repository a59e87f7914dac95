import { buildCommand, type Command } from "@stricli/core";
import type { SideName } from "../../../bench/mod.ts";
import type { CliContext } from "../../terminal/mod.ts";
import { choiceOf } from "../../settings/mod.ts";

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

const SIDES = [
  "uniform",
  "uniform-clipped",
  "headwise",
  "headwise-recycle",
  "pooled",
  "pooled-recycle",
] as const satisfies readonly SideName[];

/** Flags of `headwise gate`. */
export interface GateFlags {
  /** Which gate's thresholds and metrics. */
  readonly gate: "read" | "capacity";
  /** Side of the baseline's result. */
  readonly baselineSide?: SideName;
  /** Side of the candidate's result. */
  readonly candidateSide?: SideName;
  /** Whether runs that were not interleaved may pass. */
  readonly acceptUnpaired: boolean;
  /** Whether a ratio without an interval may be judged. */
  readonly acceptPointEstimate: boolean;
  /** Whether to print JSON. */
  readonly json: boolean;
}

const file = (text: string): string => text;

/** `headwise gate`. */
export const gateCommand: Command<CliContext> = buildCommand<
  GateFlags,
  [string, string],
  CliContext
>({
  loader: () => import("./run.ts"),
  parameters: {
    flags: {
      gate: {
        kind: "enum",
        values: ["read", "capacity"],
        brief: "Gate to judge by",
        default: "read",
      },
      baselineSide: {
        kind: "parsed",
        parse: choiceOf(SIDES),
        brief: "Side of the baseline, as uniform",
        placeholder: "SIDE",
        optional: true,
      },
      candidateSide: {
        kind: "parsed",
        parse: choiceOf(SIDES),
        brief: "Side of the candidate, as headwise",
        placeholder: "SIDE",
        optional: true,
      },
      acceptUnpaired: {
        kind: "boolean",
        brief: "Let runs pass that took no turns",
        default: false,
      },
      acceptPointEstimate: {
        kind: "boolean",
        brief: "Judge ratios that have no interval",
        default: false,
      },
      json: { kind: "boolean", brief: "Print the verdict as JSON", default: false },
    },
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "Result to compare against", placeholder: "BASELINE", parse: file },
        { brief: "Result that is judged", placeholder: "CANDIDATE", parse: file },
      ],
    },
  },
  docs: { brief: "Judge one result against another", fullDescription: DESCRIPTION },
});
