import assert from "node:assert/strict";
import type { BenchResult } from "../result/mod.ts";
import type { StepTimeline } from "../result/recording.ts";
import { timelineBlocks } from "./blocks_timeline.ts";
import { BENCH } from "./report_test_support.ts";

function withTimelines(change: (timeline: StepTimeline) => StepTimeline | null): BenchResult {
  const sides = BENCH.sides.map((side) => ({
    ...side,
    runs: side.runs.map((run) => ({ ...run, timeline: change(run.timeline!) })),
  }));
  return { ...BENCH, sides };
}

const blocksOf = (result: BenchResult) => timelineBlocks(result, () => 0);

Deno.test("timelineBlocks() sums up tokens and steps of every side", () => {
  const [batch, occupancy] = blocksOf(BENCH);
  assert.ok(batch.kind === "charts" && occupancy.kind === "charts");
  const tokens = BENCH.requestList!.inputTokens.reduce((sum, count) => sum + count, 0);
  for (const row of batch.figures.rows) assert.equal(row[3], String(tokens));
  assert.match(batch.note, /every step is drawn/);
  assert.equal(occupancy.charts.length, BENCH.sides.length);
  const { peakPages } = BENCH.sides[2].runs[0].performance!;
  assert.deepEqual(occupancy.figures.rows[2].slice(1), [
    String(peakPages.fullHeads),
    String(peakPages.windowHeads),
    String(peakPages.capacity),
  ]);
});

Deno.test("timelineBlocks() says how many steps were joined", () => {
  const [batch] = blocksOf(withTimelines((timeline) => ({ ...timeline, stepsPerEntry: 8 })));
  assert.ok(batch.kind === "charts");
  assert.match(batch.note, /up to 8 neighbouring steps are joined/);
});

Deno.test("timelineBlocks() names what is missing when nothing was recorded", () => {
  const blocks = blocksOf(withTimelines(() => null));
  assert.deepEqual(blocks.map(({ kind }) => kind), ["missing", "missing", "missing"]);
  const [, , pages] = blocksOf(withTimelines((timeline) => ({ ...timeline, pageHistory: null })));
  assert.ok(pages.kind === "missing");
  assert.match(pages.text, /No request fits the model's length/);
});
