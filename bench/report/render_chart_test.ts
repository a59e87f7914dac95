import assert from "node:assert/strict";
import { capacitySpec, pairsSpec } from "./chart_comparison.ts";
import { ecdfSpec, histogramSpec } from "./chart_distribution.ts";
import { pageMapSpec } from "./chart_page_map.ts";
import { logTicks, SERIES_COLORS } from "./chart_spec.ts";
import { batchSpec, occupancySpec } from "./chart_timeline.ts";
import { sampleOf } from "./distribution.ts";
import { pageCells } from "./page_map.ts";
import { renderChart } from "./render_chart.ts";
import { BENCH } from "./report_test_support.ts";

const O = { id: "c1", label: "a picture", hasTiles: false };
const SIDE = BENCH.sides.find(({ name }) => name === "headwise-recycle")!;
const TIMELINE = SIDE.runs[0].timeline!;
const SERIES = ["a", "b"].map((name, place) => ({
  name,
  place,
  sample: sampleOf([1, 10 ** (place + 1), 5]),
}));

function count(svg: string, part: string): number {
  return svg.split(part).length - 1;
}

Deno.test("renderChart() gives the same element of a page's width for every chart", async () => {
  const specs = [
    ecdfSpec(SERIES, "TTFT [ms]"),
    histogramSpec(SERIES, "TTFT [ms]"),
    batchSpec([{ name: "a", place: 0, timeline: TIMELINE }]),
    occupancySpec(TIMELINE, { capacity: 100 }),
    pageMapSpec(TIMELINE.pageHistory!, { steps: [0, 20], pages: 8 }),
    pairsSpec(BENCH.readGate!.comparisons),
    capacitySpec([{ side: "pooled", origin: "predicted", concurrency: 4 }]),
  ];
  for (const spec of specs) {
    const svg = await renderChart(spec, O);
    assert.equal(await renderChart(spec, O), svg);
    assert.match(svg, /^<svg [^>]*viewBox="0 0 400 \d+" role="img" aria-label="a picture">/);
    assert.ok(!/NaN|undefined|Infinity/.test(svg), svg);
    assert.ok(!svg.includes("style="));
  }
});

Deno.test("renderChart() names what it defines after the chart, the same every time", async () => {
  const group = { type: "group" as const, clip: true, encode: { enter: { width: { value: 9 } } } };
  const first = await renderChart({ marks: [group] }, O);
  const other = await renderChart({ marks: [group] }, { ...O, id: "c2" });
  const [, id] = / id="([^"]+)"/.exec(first)!;
  assert.match(id, /^c1-/);
  assert.ok(first.includes(`clip-path="url(#${id})"`), first);
  assert.equal(other, first.replaceAll("c1-", "c2-"));
});

Deno.test("renderChart() draws one line for each series in its own colour", async () => {
  const svg = await renderChart(ecdfSpec(SERIES, "TTFT [ms]"), O);
  for (const color of SERIES_COLORS.slice(0, 2)) assert.equal(count(svg, `stroke="${color}"`), 1);
  assert.ok(svg.includes("TTFT [ms]") && svg.includes("share of values up to it"));
});

Deno.test("renderChart() draws one tile for each cell of a page map, unsmoothed", async () => {
  const history = TIMELINE.pageHistory!;
  const spec = pageMapSpec(history, { steps: [0, 20], pages: 8 });
  const svg = await renderChart(spec, { ...O, hasTiles: true });
  const cells = history.rows.flatMap((row) => pageCells(history, row));
  assert.ok(cells.length > 3);
  const tiles = ["full", "window", "held"].map((color) => count(svg, `fill="var(--${color})"`));
  assert.equal(tiles.reduce((sum, n) => sum + n), cells.length);
  assert.match(svg, /shape-rendering="crispEdges"/);
});

Deno.test("renderChart() marks every pair, mean and demand of a comparison", async () => {
  const comparisons = BENCH.readGate!.comparisons;
  const svg = await renderChart(pairsSpec(comparisons), O);
  const demanded = comparisons.filter(({ threshold }) => threshold !== null).length;
  assert.equal(count(svg, 'stroke="var(--bad)"'), demanded);
  for (const { metric } of comparisons) assert.ok(svg.includes(`>${metric}</text>`), metric);
});

Deno.test("logTicks() are round and inside the axis", () => {
  assert.deepEqual(logTicks([3, 40]), [5, 10, 20]);
  assert.deepEqual(logTicks([0.01, 5]), [0.01, 0.03, 0.1, 0.3, 1, 3]);
  assert.deepEqual(logTicks([1, 1e6]), [1, 10, 100, 1000, 10_000, 100_000, 1e6]);
});
