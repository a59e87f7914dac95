import {
  BenchError,
  type BenchResult,
  compareResults,
  type ForeignGateReport,
  type GateReport,
  judgeForeignRuns,
  judgeRegression,
  readGateInput,
  type RegressionReport,
} from "../../../bench/mod.ts";
import { type CliContext, writeResult } from "../../terminal/mod.ts";
import { renderVerdict, verdictExitCode } from "../../tables/mod.ts";
import type { LoadedSettings, SettingsOf } from "../../settings/mod.ts";

/** Runs `headwise gate`. */
export default async function gate(
  this: CliContext,
  { values }: LoadedSettings<"gate">,
  baselinePath: string,
  candidatePath: string,
): Promise<void> {
  const report = await judge(values, baselinePath, candidatePath);
  writeResult(this.process.stdout, report, { json: values.json, render: renderVerdict });
  this.process.exitCode = verdictExitCode([report.verdict]);
}

type Judged = GateReport | RegressionReport | ForeignGateReport;

async function judge(
  values: SettingsOf<"gate">,
  baselinePath: string,
  candidatePath: string,
): Promise<Judged> {
  const baseline = await readGateInput(baselinePath);
  const candidate = await readGateInput(candidatePath);
  if (baseline.kind === "own" && candidate.kind === "own") {
    return judgeOwn(values, {
      baseline: baseline.result,
      candidate: candidate.result,
      names: [baselinePath, candidatePath],
    });
  }
  if (baseline.kind === "foreign" && candidate.kind === "foreign") {
    const { acceptUnpaired, acceptPointEstimate, maxRegression } = values;
    const gate = values.gate ?? (maxRegression === null ? "read" : "regression");
    return judgeForeignRuns(baseline.runs, candidate.runs, {
      gate: `gate/${gate}`,
      acceptUnpaired,
      acceptPointEstimate,
      ...(maxRegression === null ? {} : { maxRegression }),
    });
  }
  throw new BenchError(
    "gate/not-comparable",
    `Cannot compare '${baselinePath}' with '${candidatePath}': one is a result of this tool and ` +
      `the other of another benchmark; give two of one kind`,
  );
}

/** Two results compare each side with itself, unless sides or another gate are asked for. */
function judgeOwn(
  values: SettingsOf<"gate">,
  o: {
    readonly baseline: BenchResult;
    readonly candidate: BenchResult;
    readonly names: readonly [string, string];
  },
): Judged {
  const { baseline, candidate, names } = o;
  const { acceptUnpaired, baselineSide, candidateSide, maxRegression } = values;
  const isOneSide = baselineSide === candidateSide;
  const gate = values.gate ??
    (baselineSide === null && candidateSide === null || maxRegression !== null
      ? "regression"
      : "read");
  if (gate === "regression") {
    if (!isOneSide && baselineSide !== null && candidateSide !== null) {
      throw new BenchError(
        "bench/option",
        "Cannot judge a regression of two different sides; name one side, or use --gate read",
      );
    }
    const side = candidateSide ?? baselineSide;
    return judgeRegression(baseline, candidate, {
      names,
      acceptUnpaired,
      ...(side === null ? {} : { side }),
      ...(maxRegression === null ? {} : { maxRegression }),
    });
  }
  if (maxRegression !== null) {
    throw new BenchError(
      "bench/option",
      `Cannot use --max-regression with --gate ${gate}, whose thresholds are fixed; leave one out`,
    );
  }
  return compareResults(baseline, candidate, {
    names,
    gate: `gate/${gate}`,
    acceptUnpaired,
    ...(baselineSide === null ? {} : { baseline: baselineSide }),
    ...(candidateSide === null ? {} : { candidate: candidateSide }),
  });
}
