import { compareResults, readResult } from "../bench/mod.ts";
import { type CliContext, paintOf, writeLines } from "./context.ts";
import type { GateFlags } from "./gate_command.ts";
import { renderGate, verdictExitCode } from "./gate_report.ts";

/** Runs `headwise gate`. */
export default async function gate(
  this: CliContext,
  flags: GateFlags,
  baselinePath: string,
  candidatePath: string,
): Promise<void> {
  const { stdout } = this.process;
  const baseline = await readResult(baselinePath);
  const candidate = await readResult(candidatePath);
  const report = compareResults(baseline, candidate, {
    gate: `gate/${flags.gate}`,
    acceptUnpaired: flags.acceptUnpaired,
    ...(flags.baselineSide === undefined ? {} : { baseline: flags.baselineSide }),
    ...(flags.candidateSide === undefined ? {} : { candidate: flags.candidateSide }),
  });
  writeLines(
    stdout,
    flags.json
      ? [JSON.stringify(report, null, 2)]
      : renderGate(report, { paint: paintOf(stdout), columns: stdout.columns }),
  );
  this.process.exitCode = verdictExitCode([report.verdict]);
}
