/** A badge: one self-contained SVG. */
import { exitCodeOf } from "../report.ts";
import type { ReportFile } from "../report_file.ts";
import { escapeXml } from "./phrases.ts";

const LABEL = "head-wise cache";
/** Mean width of a character of the badge's font, in pixels. */
const CHARACTER_WIDTH = 6.6;
const PADDING = 10;

export function renderBadge(report: ReportFile): string {
  const { text, color } = stateOf(report);
  const left = widthOf(LABEL);
  const right = widthOf(text);
  const label = (content: string, middle: number): string =>
    `<text x="${middle}" y="14">${escapeXml(content)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" ` +
    `aria-label="${escapeXml(`${LABEL}: ${text}`)}">`,
    `<title>${escapeXml(`${report.run.subject}: ${text}`)}</title>`,
    `<clipPath id="r"><rect width="${left + right}" height="20" rx="3"/></clipPath>`,
    `<g clip-path="url(#r)"><rect width="${left}" height="20" fill="#444"/>` +
    `<rect x="${left}" width="${right}" height="20" fill="${color}"/></g>`,
    `<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,sans-serif" font-size="11">` +
    `${label(LABEL, left / 2)}${label(text, left + right / 2)}</g>`,
    "</svg>",
    "",
  ].join("\n");
}

function stateOf(report: ReportFile): { readonly text: string; readonly color: string } {
  const { summary, complete } = report;
  const bad = summary.failed + summary.unexpectedPasses;
  const broken = summary.subjectErrors + summary.suiteErrors;
  if (bad > 0) return { text: `${bad} failed`, color: "#c0392b" };
  if (broken > 0) return { text: "no verdict", color: "#8a6d00" };
  if (!complete || exitCodeOf(summary) !== 0) return { text: "incomplete", color: "#6b6b6b" };
  const known = summary.expectedFailures > 0 ? `, ${summary.expectedFailures} known failures` : "";
  return { text: `${summary.passed} passed${known}`, color: known === "" ? "#2e7d32" : "#8a6d00" };
}

function widthOf(text: string): number {
  return Math.round(text.length * CHARACTER_WIDTH + 2 * PADDING);
}
