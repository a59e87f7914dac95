import { caseRows, type ReportSummary } from "./report.ts";
import { type ConformanceOptions, runConformance } from "./run.ts";

/** What a test wants to know of a subject. */
export interface Judged {
  /** Cases that neither passed nor were skipped, each with its outcome. */
  readonly bad: readonly string[];
  readonly summary: ReportSummary;
}

/** Judges a subject up to the first case that fails: one rejection shows what there is to show. */
export async function judge(
  o: Pick<ConformanceOptions, "subject" | "filters" | "tests">,
): Promise<Judged> {
  const enough = new AbortController();
  const { rows, summary } = await runConformance({
    ...o,
    signal: enough.signal,
    onRow: (row) => {
      if (row.kind === "case" && row.outcome.kind === "fail") enough.abort();
    },
  });
  const bad = caseRows(rows)
    .filter(({ outcome: { kind } }) => kind !== "pass" && kind !== "skip")
    .map(({ query, outcome }) => `${query}: ${JSON.stringify(outcome).slice(0, 200)}`);
  return { bad, summary };
}
