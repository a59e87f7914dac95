import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { renderReportPage } from "./page.ts";
import { reportSection } from "./report_input.ts";
import { INPUTS, withoutRecordings } from "./report_test_support.ts";

const SECTIONS = INPUTS.map(reportSection);
const PAGE = await renderReportPage(SECTIONS);

function allOf(pattern: RegExp, text = PAGE): string[] {
  return [...text.matchAll(pattern)].map(([, group]) => group);
}

Deno.test("renderReportPage() asks for nothing from elsewhere and runs nothing", () => {
  const outside = allOf(/(https?:[^"'\s<]*)/g).filter((url) =>
    url !== "http://www.w3.org/2000/svg"
  );
  // The servers of the live result are text, not addresses to load.
  assert.deepEqual([...new Set(outside.map((url) => new URL(url).host))], ["127.0.0.1:1"]);
  for (const loading of ["src=", "<link", "<script", "@import", "url(http", "<iframe", "onload="]) {
    assert.ok(!PAGE.includes(loading), loading);
  }
  assert.deepEqual(allOf(/<a href="([^"]*)"/g).filter((href) => !href.startsWith("#")), []);
});

Deno.test("renderReportPage() allows its own style by its hash and no other", () => {
  const [policy] = allOf(/Content-Security-Policy" content="([^"]*)"/g);
  const styles = allOf(/<style>([^]*?)<\/style>/g);
  assert.equal(styles.length, 1);
  const hash = createHash("sha256").update(styles[0]).digest("base64");
  assert.match(policy, /^default-src 'none';/);
  assert.ok(policy.includes(`style-src 'sha256-${hash}';`), policy);
  assert.ok(!/<[^>]* style=/.test(PAGE), "an attribute that the policy would block");
});

Deno.test("renderReportPage() gives every colour a value for light and for dark", () => {
  const used = new Set(allOf(/var\((--[\w-]+)\)/g));
  const defined = new Set(allOf(/(--[\w-]+):/g));
  assert.deepEqual([...used].filter((name) => !defined.has(name)), []);
  assert.ok(used.has("--series-1") && used.has("--window"));
  const literal = PAGE.slice(PAGE.indexOf("<body>")).match(/(?:fill|stroke)="#[^"]*"/g) ?? [];
  assert.deepEqual(literal, []);
});

Deno.test("renderReportPage() describes every picture and repeats its figures as a table", () => {
  const figures = PAGE.match(/<figure[^]*?<\/figure>/g)!;
  assert.ok(figures.length > 15, `${figures.length}`);
  for (const figure of figures) {
    assert.match(figure, /<svg [^>]*role="img"[^>]*aria-label="[^"]{10,}"|aria-label="Roofline/);
  }
  const groups = PAGE.match(/<div class="charts">/g)!.length;
  assert.equal(PAGE.match(/<\/div>\n<details><summary>Figures: /g)!.length, groups);
});

Deno.test("renderReportPage() has unique ids, and elements that are closed", () => {
  const ids = allOf(/\bid="([^"]+)"/g);
  assert.equal(new Set(ids).size, ids.length);
  for (const name of ["section", "figure", "svg", "g", "table", "details", "div", "tr", "text"]) {
    const open = PAGE.match(new RegExp(`<${name}[ >]`, "g"))!.length;
    assert.equal(open, PAGE.split(`</${name}>`).length - 1, name);
  }
});

Deno.test("renderReportPage() puts the worst verdict first", () => {
  const verdicts = allOf(/<strong class="verdict (\w+)">/g);
  assert.equal(verdicts[0], "bad");
  assert.deepEqual(verdicts.slice(1, 6), ["bad", "open", "good", "open", "bad"]);
});

Deno.test("renderReportPage() gives the same bytes for the same results", async () => {
  assert.equal(await renderReportPage(INPUTS.map(reportSection)), PAGE);
});

Deno.test("renderReportPage() takes text of files for text", () => {
  assert.ok(PAGE.includes("Kernel on a &lt;GPU&gt;"));
  assert.ok(!PAGE.includes("<GPU>"));
});

Deno.test("renderReportPage() says what an older result lacks and how to get it", async () => {
  const page = await renderReportPage([reportSection(withoutRecordings())]);
  for (const title of ["Batch over time", "Pool occupancy", "Pages of a request"]) {
    assert.match(page, new RegExp(`<h3>${title}</h3>\n<p class="missing">[^<]*Run the benchmark`));
  }
  assert.match(page, /<h3>Time between tokens<\/h3>\n<p class="missing">/);
  assert.match(page, /names no command that repeats the run/);
  assert.match(page, /TTFT, cumulative/);
});

Deno.test("renderReportPage() shows control characters and invisible marks as what they are", async () => {
  const text = "a\x1b[2J\x9b\u202eb";
  const block = { kind: "text" as const, text };
  const page = await renderReportPage([{
    ...SECTIONS[0],
    file: text,
    title: text,
    blocks: [block],
  }]);
  assert.doesNotMatch(page.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
  assert.ok(page.split("a\\u001b[2J\\u009b\\u202eb").length > 3);
});
