import assert from "node:assert/strict";
import { escapeSvg, formatCoordinate, logScale, svgElement } from "./svg.ts";

Deno.test("svgElement() escapes text and attributes and nests elements", () => {
  assert.equal(
    svgElement("text", { x: 1.256, class: 'a"b' }, "<&>"),
    [
      '<text x="1.26" class="a&quot;b">&lt;&amp;&gt;</text>',
    ].join(""),
  );
  assert.equal(svgElement("g", {}, [svgElement("line", { x1: 0 })]), '<g>\n<line x1="0"/>\n</g>');
  assert.equal(escapeSvg("a b"), "a b");
});

Deno.test("formatCoordinate() writes at most two decimals and no negative zero", () => {
  assert.deepEqual([10, 1.5, -0.001, 2.346].map(formatCoordinate), ["10", "1.5", "0", "2.35"]);
});

Deno.test("logScale() ends at powers of ten around all values", () => {
  const scale = logScale([3, 450], [0, 300]);
  assert.deepEqual(scale.domain, [1, 1000]);
  assert.deepEqual(scale.decades, [1, 10, 100, 1000]);
  assert.equal(scale.at(1), 0);
  assert.equal(Math.round(scale.at(100)), 200);
  assert.deepEqual(logScale([10], [0, 1]).domain, [10, 100]);
  assert.deepEqual(logScale([1000 * (1 + 1e-12)], [0, 1]).domain, [1000, 10000]);
});
