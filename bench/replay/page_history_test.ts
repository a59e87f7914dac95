import assert from "node:assert/strict";
import { type Slot, toSlot } from "../../allocator/mod.ts";
import { createPageRecorder, finishPageHistory, samplePages } from "./page_history.ts";
import { admitOnRanks, extendOnRanks, recycleOnRanks, releaseOnRanks } from "../scheduler/ranks.ts";
import { requestsOf, tinyHeads, tinyRanks, tinyScheduler } from "../run/test_support.ts";

const SLOT: Slot = toSlot(0, { limit: 2 });
const REQUESTS = requestsOf([[0, 10, 2], [0, 100, 60], [0, 300, 10]]);

/** Decodes one request from 16 to 160 tokens, a step a token, a window of 32 and pages of 16. */
function followed(o: { recycle: boolean; maxSamples: number; layout?: "uniform" | "headwise" }) {
  const scheduler = tinyScheduler();
  const heads = tinyHeads({ windowTokens: 32 });
  const ranks = tinyRanks({ ...o, scheduler, pagesPerHead: 32, heads });
  const { table } = ranks.measured;
  const recorder = createPageRecorder({
    requests: REQUESTS,
    modelLengthTokens: scheduler.modelLengthTokens,
    heads,
    table,
    maxSamples: o.maxSamples,
  })!;
  admitOnRanks(ranks, SLOT, 16);
  for (let lengthTokens = 16; lengthTokens <= 160; lengthTokens++) {
    extendOnRanks(ranks, SLOT, lengthTokens);
    samplePages(recorder, { step: lengthTokens - 16, slot: SLOT, lengthTokens, table });
    if (o.recycle) recycleOnRanks(ranks, SLOT, lengthTokens);
  }
  releaseOnRanks(ranks, SLOT);
  return finishPageHistory(recorder, { requests: REQUESTS, pageSizeTokens: 16 })!;
}

Deno.test("samplePages() sees a window slide with recycling on and stay with recycling off", () => {
  const on = followed({ recycle: true, maxSamples: 1000 });
  assert.equal(on.request, 1);
  assert.deepEqual(on.rows.map(({ kind }) => kind), ["full", "window"]);
  const [full, window] = on.rows;
  assert.deepEqual([window.windowTokens, full.windowTokens], [32, null]);
  assert.deepEqual(full.runs.at(-1), [0, 10]);
  // Recycled at 144 tokens, the last page boundary before: column 6 was the last that died there.
  assert.deepEqual(window.runs.at(-1), [7, 10]);
  const firsts = window.runs.map(([first]) => first);
  assert.deepEqual(firsts, firsts.toSorted((a, b) => a - b));
  const off = followed({ recycle: false, maxSamples: 1000 });
  assert.deepEqual(off.rows[1].runs.at(-1), [0, 10]);
});

Deno.test("samplePages() keeps the samples few by doubling their distance", () => {
  const all = followed({ recycle: true, maxSamples: 1000 });
  const few = followed({ recycle: true, maxSamples: 20 });
  assert.equal(all.steps.length, 145);
  assert.equal(few.stepsPerSample, 8);
  assert.deepEqual(few.steps, all.steps.filter((step) => step % 8 === 0));
  const wanted = all.rows[1].runs.filter((_, index) => all.steps[index] % 8 === 0);
  assert.deepEqual(few.rows[1].runs, wanted);
});

Deno.test("samplePages() reads the one row of a uniform table", () => {
  const { rows } = followed({ recycle: false, maxSamples: 10, layout: "uniform" });
  assert.deepEqual(rows.map(({ kind }) => kind), ["shared"]);
});

Deno.test("createPageRecorder() follows nothing when no request fits the model", () => {
  const { measured } = tinyRanks({ scheduler: tinyScheduler(), pagesPerHead: 32 });
  const o = { modelLengthTokens: 5, heads: tinyHeads(), table: measured.table, maxSamples: 8 };
  assert.equal(createPageRecorder({ ...o, requests: REQUESTS }), null);
});
