/** What makes two reports parts of one run, and the digests that prove it. */
import { createHash } from "node:crypto";
import config from "../deno.json" with { type: "json" };
import { type CaseRow, type EndRow, REPORT_VERSION, type RunRow } from "./report.ts";

/** Version of the suite, from `deno.json`. */
export const SUITE_VERSION: string = config.version;

/** What {@linkcode describeRun} is told. */
export type RunFacts =
  & Pick<
    RunRow,
    | "policies"
    | "subject"
    | "metadata"
    | "capabilities"
    | "filters"
    | "seed"
    | "commandLine"
    | "shard"
    | "cases"
  >
  & {
    /** Ids of the cases of all shards. */
    readonly selected: readonly string[];
    /** Name that a CI system gives all jobs of one run; empty outside of one. */
    readonly runName: string;
    /** Machine and runtime; this process's where nothing is said. */
    readonly environment?: RunRow["environment"];
  };

/**
 * Builds the first row of a report.
 *
 * The run's digest covers what shards of one run have in common: suite, subject, claims, filters,
 * seed, cases and the name of the run, but neither the machine nor the command line.
 */
export function describeRun(facts: RunFacts): RunRow {
  const { selected, runName, environment, ...row } = facts;
  const { subject, capabilities, filters, seed } = facts;
  const common = [
    REPORT_VERSION,
    SUITE_VERSION,
    subject,
    capabilities,
    facts.policies ?? [],
    filters,
    seed,
    facts.shard?.count ?? 1,
    runName,
    selected,
  ];
  return {
    kind: "run",
    version: REPORT_VERSION,
    suiteVersion: SUITE_VERSION,
    environment: environment ?? {
      os: Deno.build.os,
      arch: Deno.build.arch,
      deno: Deno.version.deno,
      v8: Deno.version.v8,
    },
    ...row,
    selectedCases: selected.length,
    runDigest: createHash("sha256").update(JSON.stringify(common)).digest("hex"),
  };
}

/** Writes a row as a line. */
export function rowLine(row: RunRow | CaseRow | EndRow): string {
  return `${JSON.stringify(row)}\n`;
}

/** SHA-256 of lines, as the last row of a report carries it. */
export function digestLines(lines: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const line of lines) hash.update(line);
  return hash.digest("hex");
}
