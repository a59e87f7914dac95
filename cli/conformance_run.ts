import {
  caseRows,
  exitCodeOf,
  listCases,
  parseQuery,
  type Query,
  renderJunit,
  renderMarkdown,
  renderTap,
  type ReportRow,
  runConformance,
  selfTest,
} from "../conformance/mod.ts";
import { chooseSubject } from "./choose_subject.ts";
import { renderCase, renderKillRow, renderSummary } from "./conformance_report.ts";
import { CONFORMANCE_SETTINGS, type ConformanceSettings } from "./conformance_settings.ts";
import { type CliContext, paintOf, writeLines } from "./context.ts";
import { EXIT } from "./exit_code.ts";
import { explainSettings, explainSettingsAsData } from "./explain_settings.ts";
import type { ReportStyle } from "./gate_report.ts";
import { loadSettings } from "./load_settings.ts";
import { createProgress } from "./progress.ts";
import type { SettingFlags } from "./setting_flags.ts";

const FORMATS = { junit: renderJunit, tap: renderTap, markdown: renderMarkdown };

/** Runs `headwise conformance`. */
export default async function conformance(this: CliContext, flags: SettingFlags): Promise<void> {
  const { stdout } = this.process;
  const table = CONFORMANCE_SETTINGS;
  const resolved = await loadSettings(this, { command: "conformance", table, flags });
  const { values } = resolved;
  const style = { paint: paintOf(stdout), columns: stdout.columns };
  if (flags["explainConfig"] === true) {
    const data = (): string => JSON.stringify(explainSettingsAsData(resolved), null, 2);
    writeLines(stdout, values.json ? [data()] : explainSettings(resolved, style.paint));
  } else if (values.selfTest) {
    await judgeSuite(this, { json: values.json, style });
  } else {
    const filters = (values.filter ?? "").split(/\s+/).filter((text) => text !== "").map(
      parseQuery,
    );
    if (values.list) {
      const queries = listCases({ filters }).map(({ query }) => query);
      writeLines(stdout, values.json ? [JSON.stringify(queries, null, 2)] : queries);
    } else {
      await judgeSubject(this, { values, filters, style });
    }
  }
}

async function judgeSubject(context: CliContext, o: {
  readonly values: ConformanceSettings;
  readonly filters: readonly Query[];
  readonly style: ReportStyle;
}): Promise<void> {
  const { stdout, stderr } = context.process;
  const { values, filters, style } = o;
  const chosen = await chooseSubject(values);
  if (chosen.note !== null) writeLines(stderr, [chosen.note]);
  const progress = createProgress(stderr, { now: () => performance.now() });
  let cases = 0;
  let done = 0;
  const onRow = (row: ReportRow): void => {
    if (row.kind === "run") cases = row.cases;
    if (row.kind === "case") {
      done += 1;
      const [suite, path] = row.query.split(":");
      const detail = `${done} of ${cases} cases`;
      progress.update({ label: `${suite}:${path}`, fraction: done / cases, detail });
    }
    if (values.json) writeLines(stdout, [JSON.stringify(row)]);
  };
  try {
    const { timeoutMs } = values;
    const { subject } = chosen;
    const report = await runConformance({
      subject,
      filters,
      timeoutMs,
      onRow,
      signal: context.signal,
    });
    progress.close();
    context.process.exitCode = exitCodeOf(report.summary);
    if (values.json) return;
    if (values.format !== "text") return stdout.write(FORMATS[values.format](report.rows));
    writeLines(stdout, caseRows(report.rows).flatMap((row) => renderCase(row, style)));
    writeLines(stdout, renderSummary(report.summary, { subject: chosen.label, style }));
  } finally {
    progress.close();
    chosen.close();
  }
}

async function judgeSuite(
  context: CliContext,
  o: { readonly json: boolean; readonly style: ReportStyle },
): Promise<void> {
  const { stdout } = context.process;
  const report = await selfTest({
    onRow: (row) =>
      writeLines(stdout, o.json ? [JSON.stringify(row)] : renderKillRow(row, o.style)),
  });
  context.process.exitCode = report.ok ? EXIT.ok : EXIT.fail;
  if (o.json) return;
  const killed = report.rows.filter((row) => row.killed).length;
  const missed = report.rows.length - killed + report.falseAlarms.length;
  writeLines(stdout, [
    ...report.falseAlarms.map((query) => `false alarm: ${query}`),
    `${killed} passed, ${missed} failed`,
  ]);
}
