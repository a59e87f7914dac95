/** Renderings of reports by name. */
import { cleanDocument } from "../../fixtures/mod.ts";
import { ReportError, type ReportFile } from "../report_file.ts";
import { renderAnnotations } from "./annotations.ts";
import { renderBadge } from "./badge.ts";
import { renderJunit } from "./junit.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderMatrix } from "./matrix_html.ts";
import { renderSarif } from "./sarif.ts";
import { renderTap } from "./tap.ts";

export { describeCase, describeCaseOutcome, describeDifferences, groupOf } from "./phrases.ts";

// Not the keys of the table below: a call here would keep every form in the browser's page.
/** Forms that a report can be given, beside the rows themselves and a terminal's. */
export const RENDERINGS = [
  "junit",
  "tap",
  "markdown",
  "sarif",
  "github",
  "html",
  "badge",
] as const;

/** Name of a form. */
export type RenderingName = typeof RENDERINGS[number];

/** What renders each form: any number of reports, or one. */
const FORMS: Readonly<
  Record<
    RenderingName,
    | { readonly several: (reports: readonly ReportFile[]) => string }
    | { readonly one: (report: ReportFile) => string }
  >
> = {
  junit: { several: renderJunit },
  tap: { one: (report) => renderTap(cleanDocument(report)) },
  markdown: { several: renderMarkdown },
  sarif: { several: renderSarif },
  github: { several: renderAnnotations },
  html: { several: renderMatrix },
  badge: { one: renderBadge },
};

/**
 * Renders reports. Control characters and invisible marks in them are shown as `\u001b`.
 *
 * @param name Form: `junit`, `tap`, `markdown`, `sarif`, `github` (annotations of a workflow),
 *   `html` (a page: suites by implementation) or `badge` (SVG).
 * @param reports The reports; `tap` and `badge` take one.
 * @throws {ReportError} If there is no report, or more than the form takes.
 */
export function renderReports(name: RenderingName, reports: readonly ReportFile[]): string {
  const [first, second] = reports;
  if (first === undefined) {
    throw new ReportError(`Cannot render as ${name}: there is no report; name one`, "");
  }
  const form = FORMS[name];
  if ("several" in form) return form.several(reports);
  if (second === undefined) return form.one(first);
  throw new ReportError(
    `Cannot render ${reports.length} reports as ${name}: it takes one; merge shards first`,
    second.file,
  );
}
