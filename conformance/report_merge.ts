/** Joins the reports of shards into the report that the whole run would have written. */
import { orderQueries } from "./query.ts";
import { type ReportRow, type RunRow, summarizeRows } from "./report.ts";
import { ReportError, type ReportFile } from "./report_file.ts";
import { digestLines, rowLine } from "./run_identity.ts";

/**
 * Joins shards.
 *
 * @returns Rows of the joined report: cases in the suite's order, times added up.
 * @throws {ReportError} If a shard is missing, stands twice, did not run to its end, shares a case
 *   with another, or belongs to another run.
 *
 * @example One shard of two is not enough
 * ```ts
 * import { createOracleSubject, mergeReports, parseQuery, parseReport, renderJsonLines, runConformance } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const filters = [parseQuery("allocator:availability")];
 * const shard = { index: 1, count: 2 };
 * const { rows } = await runConformance({ subject: createOracleSubject(), filters, shard });
 * const report = parseReport(renderJsonLines(rows), "first.jsonl");
 * assert.throws(() => mergeReports([report]), /shard 2 of 2 is missing/);
 * ```
 */
export function mergeReports(reports: readonly ReportFile[]): ReportRow[] {
  const [first] = reports;
  if (first === undefined) {
    throw new ReportError("Cannot merge: there is no report; name one of every shard", "");
  }
  for (const report of reports) checkSameRun(first, report);
  checkShards(reports);
  const cases = reports.flatMap((report) => report.cases);
  refuseSharedCases(reports);
  if (cases.length !== first.run.selectedCases) {
    throw new ReportError(
      `Cannot merge: the run has ${first.run.selectedCases} cases and the shards ${cases.length}`,
      first.file,
    );
  }
  const run: RunRow = { ...first.run, shard: null, cases: cases.length };
  const rows: ReportRow[] = [run, ...cases.sort((a, b) => orderQueries(a.query, b.query))];
  const elapsedMs = reports.reduce((sum, { summary }) => sum + summary.elapsedMs, 0);
  const end = summarizeRows(rows, elapsedMs);
  return [...rows, { kind: "end", summary: end, digest: digestLines(rows.map(rowLine)) }];
}

function checkSameRun(first: ReportFile, other: ReportFile): void {
  if (!other.complete) {
    throw new ReportError(
      `Cannot merge "${other.file}": it has ${other.cases.length} of ${other.run.cases} cases; ` +
        "run this shard again",
      other.file,
    );
  }
  if (other.run.runDigest === first.run.runDigest) return;
  const names = ["suiteVersion", "subject", "seed", "selectedCases"] as const;
  const differing = names.filter((name) => other.run[name] !== first.run[name]).map((name) =>
    `${name} is "${other.run[name]}", not "${first.run[name]}"`
  );
  const why = differing.length === 0
    ? "its cases, claims or run name differ"
    : differing.join(", ");
  throw new ReportError(
    `Cannot merge "${other.file}" with "${first.file}": they are of different runs (${why})`,
    other.file,
  );
}

function refuseSharedCases(reports: readonly ReportFile[]): void {
  const files = new Map<string, string>();
  for (const { cases, file } of reports) {
    for (const { query } of cases) {
      const other = files.get(query);
      if (other !== undefined) {
        throw new ReportError(
          `Cannot merge "${file}" with "${other}": the case "${query}" is in two reports; name ` +
            "each shard once",
          file,
        );
      }
      files.set(query, file);
    }
  }
}

function checkShards(reports: readonly ReportFile[]): void {
  const files = new Map<number, string>();
  for (const { run, file } of reports) {
    if (run.shard === null) {
      throw new ReportError(`Cannot merge "${file}": it is a whole run and no shard`, file);
    }
    const other = files.get(run.shard.index);
    if (other !== undefined) {
      throw new ReportError(
        `Cannot merge "${file}": shard ${run.shard.index} of ${run.shard.count} is in "${other}" too`,
        file,
      );
    }
    files.set(run.shard.index, file);
  }
  const count = reports[0]?.run.shard?.count ?? 0;
  for (let index = 1; index <= count; index++) {
    if (!files.has(index)) {
      throw new ReportError(
        `Cannot merge: shard ${index} of ${count} is missing; name its report too`,
        reports[0]?.file ?? "",
      );
    }
  }
}
