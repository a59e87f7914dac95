/** SARIF 2.1.0: clauses are rules, and a case that did not pass is a result of each clause. */
import { listClauses } from "../clause.ts";
import { caseStatus } from "../report.ts";
import type { ReportFile } from "../report_file.ts";
import { describeCase, describeCut } from "./phrases.ts";

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

/** Renders reports, one run each. A result is located at its line of the report. */
export function renderSarif(reports: readonly ReportFile[]): string {
  const log = { $schema: SCHEMA, version: "2.1.0", runs: reports.map(runOf) };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function runOf(report: ReportFile): Record<string, unknown> {
  const clauses = listClauses();
  const ruleIndex = new Map(clauses.map(({ id }, index) => [id, index]));
  const results = report.cases.flatMap((row, index) => {
    const status = caseStatus(row);
    if (status === "pass" || status === "skip") return [];
    const [clause = ""] = row.clauses;
    return [{
      ruleId: clause,
      ruleIndex: ruleIndex.get(clause) ?? -1,
      level: status === "xfail" ? "note" : "error",
      message: { text: `${describeCase(row)}; repeat with ${row.repeat || "the whole run"}` },
      locations: [{
        physicalLocation: {
          artifactLocation: { uri: report.file },
          region: { startLine: report.lines[index] ?? 1 },
        },
        logicalLocations: [{ fullyQualifiedName: row.query, kind: "member" }],
      }],
      partialFingerprints: { "headwise/query": row.query },
      ...(status === "xfail"
        ? { suppressions: [{ kind: "external", justification: row.expectation?.issue ?? "" }] }
        : {}),
    }];
  });
  const cut = describeCut(report);
  return {
    tool: {
      driver: {
        name: "headwise",
        version: report.run.suiteVersion,
        rules: clauses.map(({ id, text, rationale, level }) => ({
          id,
          shortDescription: { text },
          fullDescription: { text: rationale },
          defaultConfiguration: { level: level === "MUST" ? "error" : "warning" },
        })),
      },
    },
    invocations: [{
      executionSuccessful: report.complete && report.summary.suiteErrors === 0,
      ...(!report.complete && {
        toolExecutionNotifications: cut.map((text) => ({ level: "error", message: { text } })),
      }),
    }],
    properties: { subject: report.run.subject, ...report.run.metadata },
    results,
  };
}
