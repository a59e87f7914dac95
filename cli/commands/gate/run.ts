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
import {
  GATE_SETTINGS,
  type LoadedSettings,
  optionsOf,
  type SettingsOf,
} from "../../settings/mod.ts";

/** Runs `headwise gate`. */
export default async function gate(
  this: CliContext,
  { values }: LoadedSettings<"gate">,
  baselinePath: string,
  candidatePath: string,
): Promise<void> {
  const { stdout } = this.process;
  const judged = await judge(values, baselinePath, candidatePath);
  const style = { paint: paintOf(stdout), columns: stdout.columns };
  const { report } = judged;
  writeLines(
    stdout,
    values.json
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
  values: SettingsOf<"gate">,
  baselinePath: string,
  candidatePath: string,
): Promise<Judged> {
  const baseline = await readGateInput(baselinePath);
  const candidate = await readGateInput(candidatePath);
  const { acceptUnpaired, acceptPointEstimate } = values;
  const gate = `gate/${values.gate}` as const;
  if (baseline.kind === "own" && candidate.kind === "own") {
    const report = compareResults(baseline.result, candidate.result, {
      gate,
      ...optionsOf(GATE_SETTINGS, values),
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
