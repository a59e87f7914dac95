/**
 * A result of any kind as a page, Markdown, CSV or a trace.
 *
 * @module
 */

export { renderCsv, renderGapsCsv } from "./csv.ts";
export { comparisonCells, describeRequests } from "./figures.ts";
export type { MarkdownColumn } from "./markdown.ts";
export { renderReportMarkdown } from "./markdown_report.ts";
export { renderReportPage } from "./page.ts";
export { renderPerfetto } from "./perfetto.ts";
export { drawRoofline } from "./roofline.ts";
export * from "./report_input.ts";
export type { ComparisonReport } from "./section_comparison.ts";
export type {
  LegendEntry,
  ReportBlock,
  ReportChart,
  ReportSection,
  ReportTable,
  ReportVerdict,
} from "./section.ts";
