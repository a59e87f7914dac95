import {
  caseRows,
  exitCodeOf,
  pickSmokeCases,
  runConformance,
  type SkeletonLanguage,
  writeSkeleton,
} from "../../../conformance/mod.ts";
import { chooseSubject } from "../../subject/mod.ts";
import { renderCase } from "../../tables/mod.ts";
import {
  CONFORMANCE_SETTINGS,
  type LoadedSettings,
  SettingError,
  type SettingsOf,
} from "../../settings/mod.ts";
import { formatDuration } from "../../../fixtures/mod.ts";
import { type CliContext, indented, jsonText, styleOf, writeLines } from "../../terminal/mod.ts";
import { EXIT } from "../../exit_code.ts";

/** A case of a smoke test needs no more. */
const SMOKE_TIMEOUT_MS = 15_000;

/** Runs `headwise adapter init`. */
export async function initAdapter(
  this: CliContext,
  { values }: LoadedSettings<"adapter init">,
  language: SkeletonLanguage,
): Promise<void> {
  if (values.clock && language !== "python") {
    const message = `Cannot write a clock in ${language}: there is one in python`;
    throw new SettingError(message, { kind: "flag", text: "--clock" });
  }
  const skeleton = values.clock ? "python-clock" : language;
  const { files, build, subject } = await writeSkeleton(skeleton, values.out);
  const { stdout } = this.process;
  writeLines(stdout, [
    ...files.map((file) => `wrote  ${file}`),
    ...build.map((command) => `build  ${command}`),
    values.clock
      ? `try    headwise bench --clock '${subject}'`
      : `try    headwise adapter smoke '${subject}'`,
  ]);
}

/** Runs `headwise adapter smoke`. */
export async function smokeAdapter(
  this: CliContext,
  { values }: LoadedSettings<"adapter smoke">,
  text: string,
): Promise<void> {
  const { stdout } = this.process;
  const style = styleOf(stdout);
  const subject = parseSubject(text);
  const chosen = await chooseSubject({
    subject,
    gpu: "deno",
    subgroups: "auto",
    timeoutMs: SMOKE_TIMEOUT_MS,
  });
  try {
    const capabilities = [...chosen.subject.capabilities].sort();
    const cases = pickSmokeCases(chosen.subject.capabilities);
    const { rows, summary } = await runConformance({
      subject: chosen.subject,
      // A filter that is left out would mean every case.
      tests: cases.length === 0 ? [] : cases.map(({ definition }) => definition),
      filters: cases.map(({ parsed }) => parsed),
      timeoutMs: SMOKE_TIMEOUT_MS,
      repeatFlags: `--subject '${text}'`,
      signal: this.signal,
    });
    this.process.exitCode = cases.length === 0 ? EXIT.ok : exitCodeOf(summary);
    const outcomes = caseRows(rows);
    if (values.json) {
      const cases = outcomes.map(({ query, outcome }) => ({ query, outcome }));
      const shown = { name: chosen.label, capabilities, cases };
      return writeLines(stdout, [jsonText(shown)]);
    }
    const claims = capabilities.length === 0 ? "nothing" : capabilities.join(", ");
    writeLines(stdout, [
      `${style.paint.bold(chosen.label)} answers`,
      ...indented(style, `claims ${claims}`),
      ...outcomes.flatMap((row) =>
        row.outcome.kind === "pass"
          ? [`${style.paint.green("PASS")}  ${row.query}`]
          : renderCase(row, style)
      ),
      `${summary.passed} of ${cases.length} cases passed in ${formatDuration(summary.elapsedMs)}`,
      `  ${style.paint.dim(`next: headwise conformance --subject '${text}'`)}`,
    ]);
  } finally {
    await chosen.close();
  }
}

function parseSubject(text: string): SettingsOf<"conformance">["subject"] {
  try {
    if (text.startsWith("dump:")) {
      throw new RangeError(
        "'dump:' has no adapter process; judge it with 'headwise conformance --subject'",
      );
    }
    return CONFORMANCE_SETTINGS.subject.parse(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = `Cannot use '${text}': ${error.message}`;
    throw new SettingError(message, { kind: "flag", text: "SUBJECT" });
  }
}
