import {
  BenchError,
  compareResults,
  type ForeignGateReport,
  type GateReport,
  judgeForeignRuns,
  readGateInput,
} from "../../../bench/mod.ts";
import { type CliContext, paintOf, writeLines } from "../../terminal/mod.ts";
import { renderForeignGate, renderGate, verdictExitCode } from "../../tables/mod.ts";
import type { GateFlags } from "./command.ts";

/** Runs `headwise gate`. */
export default async function gate(
  this: CliContext,
  flags: GateFlags,
  baselinePath: string,
  candidatePath: string,
): Promise<void> {
  const { stdout } = this.process;
  const judged = await judge(flags, baselinePath, candidatePath);
  const style = { paint: paintOf(stdout), columns: stdout.columns };
  const { report } = judged;
  writeLines(
    stdout,
    flags.json
      ? [JSON.stringify(report, null, 2)]
      : judged.kind === "own"
      ? renderGate(judged.report, style)
      : renderForeignGate(judged.report, style),
  );
  this.process.exitCode = verdictExitCode([report.verdict]);
}

type Judged =
  | { readonly kind: "own"; readonly report: GateReport }
  | { readonly kind: "foreign"; readonly report: ForeignGateReport };

async function judge(
  flags: GateFlags,
  baselinePath: string,
  candidatePath: string,
): Promise<Judged> {
  const baseline = await readGateInput(baselinePath);
  const candidate = await readGateInput(candidatePath);
  const { acceptUnpaired, acceptPointEstimate } = flags;
  const gate = `gate/${flags.gate}` as const;
  if (baseline.kind === "own" && candidate.kind === "own") {
    const report = compareResults(baseline.result, candidate.result, {
      gate,
      acceptUnpaired,
      ...(flags.baselineSide === undefined ? {} : { baseline: flags.baselineSide }),
      ...(flags.candidateSide === undefined ? {} : { candidate: flags.candidateSide }),
    });
    return { kind: "own", report };
  }
  if (baseline.kind === "foreign" && candidate.kind === "foreign") {
    const options = { gate, acceptUnpaired, acceptPointEstimate };
    return { kind: "foreign", report: judgeForeignRuns(baseline.runs, candidate.runs, options) };
  }
  throw new BenchError(
    "gate/not-comparable",
    `Cannot compare '${baselinePath}' with '${candidatePath}': one is a result of this tool and ` +
      `the other of another benchmark; give two of one kind`,
  );
}
