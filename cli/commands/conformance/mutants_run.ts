import { killMatrixMarkdown, selfTest, type SelfTestOptions } from "../../../conformance/mod.ts";
import { renderKillRow } from "../../tables/mod.ts";
import { type CliContext, type ReportStyle, writeLines } from "../../terminal/mod.ts";
import { EXIT } from "../../exit_code.ts";
import type { ReportFormat } from "../../settings/mod.ts";

/**
 * Judges the suite by its mutants, and prints the kill matrix: each mutant with the tests that
 * reject it. The good subject runs the whole suite.
 *
 * @param o Form and style, and which mutants and cases in place of all.
 */
export async function judgeSuite(
  context: CliContext,
  o: {
    readonly json: boolean;
    readonly format: ReportFormat;
    readonly style: ReportStyle;
    readonly scope?: Pick<SelfTestOptions, "mutants" | "goodScope">;
  },
): Promise<void> {
  const { stdout } = context.process;
  const asMarkdown = o.format === "markdown";
  const report = await selfTest({
    ...o.scope ?? { goodScope: "all" },
    onRow: (row) => {
      if (o.json) writeLines(stdout, [JSON.stringify(row)]);
      else if (!asMarkdown) writeLines(stdout, renderKillRow(row, o.style));
    },
  });
  context.process.exitCode = report.ok ? EXIT.ok : EXIT.fail;
  if (o.json) return;
  if (asMarkdown) return stdout.write(killMatrixMarkdown(report));
  const killed = report.rows.filter((row) => row.killed).length;
  const missed = report.rows.length - killed + report.falseAlarms.length;
  writeLines(stdout, [
    ...report.falseAlarms.map((query) => `false alarm: ${query}`),
    `${killed} passed, ${missed} failed`,
  ]);
}
