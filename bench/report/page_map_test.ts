import assert from "node:assert/strict";
import type { PageHistory, PageRow } from "../result/recording.ts";
import { countPages, pageCells } from "./page_map.ts";

function windowRow(runs: readonly (readonly number[])[], sinkTokens = 0): PageRow {
  return { kind: "window", group: 0, head: 0, windowTokens: 32, sinkTokens, runs };
}

function history(o: { steps: number[]; lengths: number[]; every?: number }): PageHistory {
  return {
    request: 0,
    pageSizeTokens: 16,
    stepsPerSample: o.every ?? 1,
    steps: o.steps,
    lengthTokens: o.lengths,
    rows: [],
  };
}

Deno.test("pageCells() joins samples that hold the same pages in the same state", () => {
  const full: PageRow = {
    ...windowRow([[0, 2], [0, 2], [0, 3]]),
    kind: "full",
    windowTokens: null,
  };
  assert.deepEqual(pageCells(history({ steps: [4, 5, 6], lengths: [31, 32, 33] }), full), [
    { fromStep: 4, toStep: 6, fromPage: 0, toPage: 2, state: "visible" },
    { fromStep: 6, toStep: 7, fromPage: 0, toPage: 3, state: "visible" },
  ]);
});

Deno.test("pageCells() tells pages that the newest token sees from those that it does not", () => {
  // 80 tokens, W = 32: tokens 48 to 79 are seen, in pages 3 and 4; the sink is page 0.
  const cells = pageCells(history({ steps: [0], lengths: [80] }), windowRow([[0, 5]], 4));
  assert.deepEqual(cells.map(({ fromPage, toPage, state }) => [fromPage, toPage, state]), [
    [0, 1, "visible"],
    [1, 3, "outside"],
    [3, 5, "visible"],
  ]);
  // Recycled: only the sink and the window are left, and nothing is held in vain.
  const recycled = windowRow([[0, 1, 3, 5]], 4);
  assert.deepEqual(countPages(history({ steps: [0], lengths: [80] }), recycled), {
    held: 3,
    outside: 0,
  });
});

Deno.test("pageCells() leaves a gap where the request had lost its pages", () => {
  const cells = pageCells(
    history({ steps: [0, 2, 8], lengths: [16, 16, 16], every: 2 }),
    windowRow([[0, 1], [0, 1], [0, 1]]),
  );
  assert.deepEqual(cells.map(({ fromStep, toStep }) => [fromStep, toStep]), [[0, 4], [8, 10]]);
});

Deno.test("pageCells() covers every held page of every sample exactly once", () => {
  const lengths = Array.from({ length: 60 }, (_, i) => 10 + 3 * i);
  const runs = lengths.map((length) => [
    Math.max(0, Math.floor((length - 50) / 16)),
    Math.ceil(length / 16),
  ]);
  const steps = lengths.map((_, step) => step);
  const cells = pageCells(history({ steps, lengths }), windowRow(runs));
  for (const step of steps) {
    const covering = cells.filter(({ fromStep, toStep }) => fromStep <= step && step < toStep);
    const pages = covering.flatMap(({ fromPage, toPage }) =>
      Array.from({ length: toPage - fromPage }, (_, i) => fromPage + i)
    ).sort((a, b) => a - b);
    const [first, end] = runs[step];
    assert.deepEqual(pages, Array.from({ length: end - first }, (_, i) => first + i));
  }
});
