import { labels, renderTable, type ReportStyle, visibleWidth, wrapText } from "../terminal/mod.ts";
import { formatBytes, formatRate } from "../../fixtures/mod.ts";
import type { AdapterFacts } from "./check_adapter.ts";
import type { Examination } from "./examine.ts";
import type { Finding, FindingState } from "./finding.ts";

/**
 * Lays out what was found: whether the main job can run, everything that the tool can use with what
 * fixes it, and what the adapter is.
 */
export function renderExamination(examination: Examination, style: ReportStyle): string[] {
  const { ready, clock, runtime, adapter, findings } = examination;
  const { paint } = style;
  const headline = ready
    ? `${paint.green(paint.bold("ready"))}  'headwise bench' can run, with the ${clock} clock`
    : `${paint.red(paint.bold("not ready"))}  'headwise bench' cannot run`;
  const width = Math.max(...findings.map(({ name }) => visibleWidth(name)));
  return [
    headline,
    "",
    ...findings.flatMap((finding) => renderFinding(finding, { style, width })),
    "",
    ...renderTable([
      ["runtime", `Deno ${runtime.deno}, v8 ${runtime.v8}, ${runtime.platform}`],
      ...(adapter === null ? [] : adapterRows(adapter)),
      ...ceilingRows(examination),
    ], { columns: labels("", "") }),
  ];
}

const STATES: readonly FindingState[] = ["ok", "limited", "missing", "unknown"];
const STATE_WIDTH = Math.max(...STATES.map((state) => state.length));

function renderFinding(
  { name, state, detail, why, fix }: Finding,
  o: { readonly style: ReportStyle; readonly width: number },
): string[] {
  const { paint, columns } = o.style;
  const colour = {
    ok: paint.green,
    limited: paint.yellow,
    missing: paint.red,
    unknown: paint.dim,
  }[state];
  const indent = " ".repeat(STATE_WIDTH + o.width + 4);
  const [first, ...rest] = wrapText(detail, { width: columns, indent });
  const head = `${colour(state.padEnd(STATE_WIDTH))}  ${name.padEnd(o.width)}  `;
  const lines = [`${head}${first!.trimStart()}`, ...rest];
  if (state === "ok") return lines;
  return [
    ...lines,
    ...wrapText(`for: ${why}`, { width: columns, indent }).map(paint.dim),
    ...(fix === null ? [] : [`${indent}fix: ${paint.cyan(fix)}`]),
  ];
}

function adapterRows(adapter: AdapterFacts): string[][] {
  const size = adapter.subgroupSize;
  return [
    ["adapter", adapter.description],
    ["subgroups", size === 0 ? "not used" : `of ${size} lanes`],
    ["matrices", describeMatrices(adapter.matrixSize)],
    ["features", adapter.features.join(", ") || "none"],
    ["largest binding", formatBytes(adapter.maxBindingBytes)],
    ["largest buffer", formatBytes(adapter.maxBufferBytes)],
    ["lanes of a workgroup", String(adapter.maxWorkgroupInvocations)],
  ];
}

function ceilingRows({ ceilings }: Examination): string[][] {
  if (ceilings === null) return [];
  const { memory, flops } = ceilings.spread;
  return [
    ["memory, measured", `${formatRate(ceilings.memoryBytesPerSecond, "B")} (${spread(memory)})`],
    ["f32, measured", `${formatRate(ceilings.flopsPerSecond, "FLOP")} (${spread(flops)})`],
  ];
}

function spread(ratio: number): string {
  return `slowest run ${ratio.toFixed(2)} times the fastest`;
}

function describeMatrices(size: number | null): string {
  return size === null ? "none" : `${size} × ${size} of f16, added up in f32`;
}
