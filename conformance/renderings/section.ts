/** A run as one part of a report beside results of other kinds. */
import { shortenCapabilities } from "../cache_formats.ts";
import { type CaseRow, caseStatus } from "../report.ts";
import type { ReportFile } from "../report_file.ts";
import {
  countByColumn,
  describeCase,
  describeCut,
  describeDifferences,
  groupOf,
} from "./phrases.ts";

/** A table of text. */
export interface SectionTable {
  /** Says what the rows are. */
  readonly caption: string;
  /** Headings; figures stand on the right. */
  readonly columns: readonly { readonly title: string; readonly align?: "left" | "right" }[];
  /** Cells, as many a row as there are headings. */
  readonly rows: readonly (readonly string[])[];
}

/** What a report says of a run: its verdict, findings, tables and facts. */
export interface ConformanceSection {
  /** Name of the file. */
  readonly file: string;
  /** Which subject. */
  readonly title: string;
  /** Verdict, and how it is meant. */
  readonly verdict: { readonly word: string; readonly tone: "good" | "bad" | "open" };
  /** Counts first. */
  readonly findings: readonly string[];
  /** Suites, what did not pass, and where it ran. */
  readonly blocks: readonly (
    | { readonly kind: "table"; readonly table: SectionTable }
    | {
      readonly kind: "facts";
      readonly title: string;
      readonly facts: readonly (readonly [string, string])[];
      readonly command: string | null;
    }
  )[];
}

/** Describes a run for a report of several results. */
export function conformanceSection(report: ReportFile): ConformanceSection {
  const { file, run, summary, cases } = report;
  const failed = summary.failed + summary.unexpectedPasses;
  const broken = summary.subjectErrors + summary.suiteErrors;
  const bad = cases.filter((row) => !["pass", "skip"].includes(caseStatus(row)));
  return {
    file,
    title: `Conformance of ${run.subject}`,
    verdict: verdictOf(report),
    findings: [
      `${summary.passed} passed, ${failed} failed, ${summary.skipped} skipped, ` +
      `${summary.expectedFailures} known failures, ${broken} faults`,
      ...describeCut(report),
      ...describeDifferences(run).map((text) => `Different by declaration: ${text}`),
      ...(summary.missingCapabilities.length === 0
        ? []
        : [`Not claimed: ${shortenCapabilities(summary.missingCapabilities).join(", ")}`]),
    ],
    blocks: [
      { kind: "table", table: suitesTable(cases) },
      ...(bad.length === 0 ? [] : [{ kind: "table" as const, table: badTable(bad) }]),
      {
        kind: "facts",
        title: "Environment",
        facts: [
          ...Object.entries(run.metadata),
          ["suite", run.suiteVersion],
          ...Object.entries(run.environment),
          ["seed", String(run.seed)],
        ],
        command: run.commandLine === "" ? null : run.commandLine,
      },
    ],
  };
}

function verdictOf({ summary, complete }: ReportFile): ConformanceSection["verdict"] {
  if (summary.failed + summary.unexpectedPasses > 0) return { word: "NOT CONFORMANT", tone: "bad" };
  if (summary.subjectErrors + summary.suiteErrors > 0) return { word: "NO VERDICT", tone: "open" };
  if (!complete) return { word: "INCOMPLETE", tone: "open" };
  if (summary.passed === 0) return { word: "NOTHING RAN", tone: "open" };
  return summary.expectedFailures > 0
    ? { word: "CONFORMANT BUT FOR KNOWN FAILURES", tone: "open" }
    : { word: "CONFORMANT", tone: "good" };
}

function suitesTable(cases: readonly CaseRow[]): SectionTable {
  const groups = [...Map.groupBy(cases, groupOf)].sort(([a], [b]) => a < b ? -1 : 1);
  return {
    caption: "Suites",
    columns: [
      { title: "suite" },
      ...["passed", "failed", "known", "skipped", "faults"]
        .map((title) => ({ title, align: "right" as const })),
    ],
    rows: groups.map(([name, members]) => [name, ...countByColumn(members).map(String)]),
  };
}

function badTable(cases: readonly CaseRow[]): SectionTable {
  return {
    caption: "Wrong",
    columns: ["case", "clauses", "what happened", "repeat with"].map((title) => ({ title })),
    rows: cases.map((row) => [row.query, row.clauses.join(", "), describeCase(row), row.repeat]),
  };
}
