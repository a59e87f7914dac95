import assert from "node:assert/strict";
import { capacityBlock } from "./blocks_capacity.ts";
import { BENCH } from "./report_test_support.ts";

Deno.test("capacityBlock() sets what was replayed beside what was predicted", () => {
  const sides = BENCH.sides.map((side) => ({
    ...side,
    runs: side.runs.map((run) => ({
      ...run,
      performance: {
        ...run.performance!,
        memoryBoundConcurrency: side.name === "pooled" ? 3.5 : null,
      },
    })),
  }));
  const block = capacityBlock({ ...BENCH, sides });
  assert.ok(block.kind === "charts");
  const predicted = BENCH.concurrencyPredictions.find(({ side }) => side === "pooled")!;
  const row = block.figures.rows.find(([name]) => name === "pooled")!;
  assert.equal(row[1], predicted.concurrency.toFixed(2));
  assert.equal(row[3], "3.50");
  assert.match(block.charts[0].description, /pooled: predicted [\d.]+, replayed 3\.50/);
  assert.match(block.charts[0].description, /headwise: predicted [\d.]+, replayed never short/);
  assert.ok(!block.note.includes("Nothing was replayed"));
});

Deno.test("capacityBlock() says so when no request waited for pages", () => {
  const block = capacityBlock({
    ...BENCH,
    sides: BENCH.sides.map((side) => ({ ...side, runs: [] })),
  });
  assert.ok(block.kind === "charts");
  assert.match(block.note, /Nothing was replayed under a shortage of pages here/);
  assert.deepEqual(block.figures.rows.map((row) => row[3]), BENCH.sides.map(() => "–"));
});
