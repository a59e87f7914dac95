import assert from "node:assert/strict";
import { distributionBlock } from "./blocks_distribution.ts";
import { sampleOf } from "./distribution.ts";

const O = { metric: "TTFT", source: "somewhere", missing: "none was served" };

Deno.test("distributionBlock() draws both charts of the series that have values", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  const block = distributionBlock("Latency", {
    ...O,
    series: [
      { name: "a", place: 0, sample: sampleOf(hundred) },
      { name: "b", place: 1, sample: sampleOf([null]) },
    ],
  });
  assert.ok(block.kind === "charts");
  assert.equal(block.charts.length, 2);
  assert.deepEqual(block.charts[0].legend.map(({ name }) => name), ["a"]);
  assert.match(block.charts[0].description, /^a: half at or below 50\.0 ms, 99 % .* 99\.0 ms$/);
  assert.deepEqual(block.figures.rows, [["a", "100", "50.0", "90.0", "95.0", "99.0", "100"]]);
});

Deno.test("distributionBlock() says what is missing when no series has a value", () => {
  const block = distributionBlock("Latency", { ...O, series: [] });
  assert.deepEqual(block, { kind: "missing", title: "Latency", text: "none was served" });
});
