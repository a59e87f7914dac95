import assert from "node:assert/strict";
import { drawRoofline } from "./roofline.ts";
import { tinyKernelResult } from "../kernel/test_support.ts";

Deno.test("drawRoofline() draws both ceilings and one dot a timed case", () => {
  const result = tinyKernelResult();
  const svg = drawRoofline(result);
  assert.equal(svg, drawRoofline(structuredClone(result)));
  assert.equal(svg.match(/<circle [^>]*><title>/g)?.length, 3);
  assert.ok(!svg.includes("smoke-speculative"));
  assert.ok(svg.includes("Roofline of a &lt;GPU&gt;"));
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.ok(svg.endsWith("</svg>\n"));
});

Deno.test("drawRoofline() puts the ridge where both ceilings meet and dots below them", () => {
  const result = tinyKernelResult();
  const svg = drawRoofline(result);
  const [, text] = /<polyline points="([^"]+)" class="roof"/.exec(svg)!;
  const [start, ridge, end] = text.split(" ").map((pair) => pair.split(",").map(Number));
  assert.equal(ridge[1], end[1]);
  assert.ok(start[0] < ridge[0] && start[1] > ridge[1]);
  // A decade is as wide on one axis as it is high on the other only by accident: the slope is one
  // decade of rate for one of intensity.
  const decades = [...svg.matchAll(/<line x1="([\d.]+)" y1="60" x2="\1"/g)].map(([, x]) => +x);
  const rates = [...svg.matchAll(/<line x1="70" y1="([\d.]+)" x2="610"/g)].map(([, y]) => +y);
  const slope = (start[1] - ridge[1]) / (ridge[0] - start[0]);
  const decade = (rates[0] - rates[1]) / (decades[1] - decades[0]);
  assert.ok(Math.abs(slope / decade - 1) < 0.01, `${slope} ${decade}`);
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="4" [^>]*><title>/g)];
  for (const [, x, y] of dots) {
    const roof = Math.max(ridge[1], ridge[1] + (ridge[0] - Number(x)) * slope);
    assert.ok(Number(y) >= roof - 0.1, `${x} ${y} ${roof}`);
  }
});

Deno.test("drawRoofline() names each dot with its number and its share of the ceiling", () => {
  const result = tinyKernelResult();
  const svg = drawRoofline(result);
  const timed = result.cases.filter(({ outcome }) => outcome.kind === "timed");
  for (const [index, { case: { name }, outcome }] of timed.entries()) {
    const { ceilingShare } = (outcome as Extract<typeof outcome, { kind: "timed" }>).figures;
    const share = `${(100 * ceilingShare).toFixed(1)} %`;
    assert.ok(svg.includes(`<title>${name}: ${share}</title>`), `${name} ${share}`);
    const label = `>${index + 1}  ${name}</text>\n`;
    const after = svg.slice(svg.indexOf(label) + label.length);
    assert.ok(svg.includes(label) && after.trimStart().startsWith("<text"), label);
    assert.equal(/^<text[^>]*>([^<]*)</.exec(after.trimStart())![1], share);
  }
});

Deno.test("drawRoofline() keeps numbers of close dots apart", () => {
  const result = tinyKernelResult();
  const same = { ...result, cases: [result.cases[0], result.cases[0], result.cases[0]] };
  const tops = [...drawRoofline(same).matchAll(/y="([\d.]+)" class="number"/g)].map(([, y]) => +y);
  const sorted = tops.toSorted((a, b) => a - b);
  assert.equal(sorted.length, 3);
  assert.ok(sorted[1] - sorted[0] >= 10.9 && sorted[2] - sorted[1] >= 10.9, `${sorted}`);
});

Deno.test("drawRoofline() grows with its list of cases", () => {
  const result = tinyKernelResult();
  const heightOf = (count: number): number => {
    const cases = Array.from({ length: count }, () => result.cases[0]);
    const svg = drawRoofline({ ...result, cases });
    const height = Number(/<svg [^>]*height="(\d+)"/.exec(svg)![1]);
    const lowest = Math.max(
      ...[...svg.matchAll(/<text x="\d+" y="([\d.]+)"/g)].map(([, y]) => +y!),
    );
    assert.ok(lowest < height, `${lowest} of ${height}`);
    return height;
  };
  assert.equal(heightOf(3), 560);
  assert.equal(heightOf(80) - heightOf(60), 2 * (heightOf(70) - heightOf(60)));
  assert.ok(heightOf(80) > heightOf(60));
});

Deno.test("drawRoofline() refuses a result without a time", () => {
  const result = { ...tinyKernelResult(), cases: [tinyKernelResult().cases[2]] };
  assert.throws(() => drawRoofline(result), /no case has a time/);
});
