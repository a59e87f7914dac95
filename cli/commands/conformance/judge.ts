import { claimOf, prepareOutput, requireReplaceable } from "../../../bench/mod.ts";
import {
  checkExpectations,
  exitCodeOf,
  type Expectation,
  listCases,
  parseExpectations,
  parseReport,
  parseShard,
  type Query,
  type Regression,
  type ReportFile,
  reportOfRows,
  type ReportRow,
  runConformance,
  runNameOfEnvironment,
  type Shard,
  shardOfEnvironment,
  type TestDefinition,
} from "../../../conformance/mod.ts";
import { ifThere, readText } from "../../../fixtures/mod.ts";
import { chooseSubject } from "../../subject/mod.ts";
import { printReports, renderCase, renderSummary } from "../../tables/mod.ts";
import { describeReportEnvironment } from "../../gpu/mod.ts";
import { commandLineOf, repeatFlagsOf, type Resolved } from "../../settings/mod.ts";
import {
  type CliContext,
  createProgress,
  type ReportStyle,
  writeLines,
} from "../../terminal/mod.ts";
import { EXIT } from "../../exit_code.ts";
import { keepFailures } from "./regression_file.ts";
import { openReport } from "./report_writer.ts";
import { requireCases } from "./require_cases.ts";

/** What a run of the suite is made of. */
export interface JudgeOptions {
  /** Settings with their origins. */
  readonly resolved: Resolved<"conformance">;
  /** Cases to run; none means all. */
  readonly filters: readonly Query[];
  /** Tests to choose from. */
  readonly tests: readonly TestDefinition[];
  /** Sequences that failed before. */
  readonly kept: readonly Regression[];
  /** Colours and width. */
  readonly style: ReportStyle;
}

/**
 * Judges a subject: rows go to a file as they come about, failures to the file of regressions.
 *
 * @param context Streams, files and the signal of Ctrl-C.
 * @param o Settings, cases and style.
 */
export async function judgeSubject(context: CliContext, o: JudgeOptions): Promise<void> {
  const { stdout, stderr } = context.process;
  const { values } = o.resolved;
  await prepareOutput(values.out, claimOf("conformance", values));
  const replaced = values.resume || values.force ? null : await readReplaced(values.out);
  const earlier = values.resume ? await readEarlier(values.out) : null;
  const expectations = await readExpectations(context, o);
  const shard = chooseShard(context, values.shard);
  // Before a report is overwritten. A dump brings cases of its own.
  if (!values.subject.startsWith("dump:")) {
    requireCases(o.filters, { tests: o.tests, origin: o.resolved.origins.filter });
  }
  const chosen = await chooseSubject(values);
  if (chosen.note !== null) writeLines(stderr, [chosen.note]);
  const taken = earlier === null ? [] : [earlier.run, ...earlier.cases];
  const report = await openReport(values.out, taken);
  const progress = createProgress(stderr, { now: () => performance.now() });
  let cases = earlier?.run.cases ?? 0;
  let done = earlier?.cases.length ?? 0;
  if (values.json) writeLines(stdout, taken.map((row) => JSON.stringify(row)));
  const onRow = (row: ReportRow): void => {
    if (row.kind === "run" && replaced !== null) {
      const size = { unit: "cases", planned: row.cases, of: casesOf };
      requireReplaceable(values.out, replaced, claimOf("conformance", { ...values, size }));
    }
    report.write(row);
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
    const { rows, summary } = await runConformance({
      subject: {
        ...chosen.subject,
        metadata: { label: chosen.label, ...chosen.subject.metadata },
      },
      filters: o.filters,
      tests: chosen.tests ?? o.tests,
      timeoutMs: values.timeoutMs,
      shard,
      runName: values.run ?? runNameOfEnvironment(context.process.env),
      expectations,
      seed: values.seed,
      commandLine: commandLineOf("conformance", o.resolved),
      environment: await describeReportEnvironment(),
      repeatFlags: repeatFlagsOf(o.resolved),
      signal: context.signal,
      onRow,
      ...(earlier === null ? {} : { earlier }),
    });
    progress.close();
    const file = reportOfRows(rows, values.out);
    const isWhole = file.complete || file.cases.length === file.run.cases;
    // One shard of several may hold nothing that the subject claims: the merged report tells.
    const code = exitCodeOf(summary);
    const ofShard = shard !== null && code === EXIT.nothingRan ? EXIT.ok : code;
    context.process.exitCode = isWhole ? ofShard : EXIT.interrupted;
    if (!isWhole) writeLines(stderr, [describeStop(file, o.resolved)]);
    await keepFailures(context, { rows, kept: o.kept, file: values.regressions });
    if (values.json) return;
    if (values.format !== "text") {
      return stdout.write(printReports(values.format, { reports: [file], style: o.style }));
    }
    writeLines(stdout, file.cases.flatMap((row) => renderCase(row, o.style)));
    const notes = file.cases.flatMap(({ query, outcome }) =>
      outcome.kind === "pass" && outcome.note !== undefined ? [`  ${query}: ${outcome.note}`] : []
    );
    writeLines(stdout, notes.map(o.style.paint.dim));
    const subject = shard === null
      ? chosen.label
      : `${chosen.label}, shard ${shard.index} of ${shard.count}`;
    const { style } = o;
    writeLines(
      stdout,
      renderSummary(summary, {
        subject,
        style,
        complete: file.complete,
        ...(file.run.policies === undefined ? {} : { policies: file.run.policies }),
      }),
    );
  } finally {
    progress.close();
    report.close();
    await chosen.close();
  }
}

/** The beginning of a report that a new run would replace; null where there is none. */
async function readReplaced(path: string): Promise<string | null> {
  const text = await ifThere(() => readText(path));
  return text?.slice(0, text.indexOf("\n") + 1) ?? null;
}

/** How many cases a report is of, by its first row. */
function casesOf(text: string): number {
  return Number((JSON.parse(text) as { readonly cases?: unknown }).cases);
}

/** The report of a run that was stopped; null where it has no whole row, or is not there. */
async function readEarlier(path: string): Promise<ReportFile | null> {
  const text = await ifThere(() => readText(path));
  return text?.includes("\n") ? parseReport(text, path) : null;
}

function describeStop(
  { file, cases, run }: ReportFile,
  resolved: JudgeOptions["resolved"],
): string {
  const again = commandLineOf("conformance", resolved);
  return `Stopped after ${cases.length} of ${run.cases} cases, which are kept in '${file}'; continue with: ` +
    (resolved.values.resume ? again : `${again} --resume`);
}

async function readExpectations(
  context: CliContext,
  o: JudgeOptions,
): Promise<readonly Expectation[]> {
  const file = o.resolved.values.expectations;
  if (file === null) return [];
  const expectations = parseExpectations(await context.readTextFile(file), file);
  checkExpectations(expectations, { cases: listCases({ tests: o.tests }), file });
  return expectations;
}

function chooseShard(context: CliContext, text: string | null): Shard | null {
  return text === null ? shardOfEnvironment(context.process.env) : parseShard(text);
}
