import assert from "node:assert/strict";
import { identityTable } from "../../allocator/mod.ts";
import { ITEM_ROWS } from "./item_rows.ts";
import { createWorkPlan, planBatch, type WorkPlan } from "./plan.ts";
import { ITEM, MERGE } from "./struct_layout.ts";
import type { PlanBatch, PlanOptions } from "./plan_tiles.ts";

const OPTIONS: PlanOptions = {
  group: 5,
  pageSizeTokens: 16,
  pageRows: 32,
  headRows: 16,
  walk: "visible",
  parallelItems: 1,
};

function batch(o: Partial<PlanBatch> & { tokens: number[]; cached: number[] }): PlanBatch {
  return {
    table: identityTable({
      layout: "headwise",
      layerGroups: 1,
      slots: o.tokens.length,
      kvHeads: 2,
      columns: 64,
    }, 64),
    group: 0,
    queryLengths: Int32Array.from(o.tokens),
    cachedLengths: Int32Array.from(o.cached),
    headWindows: Int32Array.of(0, 40),
    sinkTokens: 20,
    ...o,
  };
}

interface Item {
  readonly slot: number;
  readonly head: number;
  readonly rows: number;
  readonly begin: number;
  readonly end: number;
  readonly firstPages: number;
  readonly secondShift: number;
  readonly partialRow: number;
  readonly unmaskedBegin: number;
  readonly unmaskedEnd: number;
}

function itemsOf(plan: WorkPlan, rows: number): Item[] {
  const { words, length } = plan.items[ITEM_ROWS.indexOf(rows)];
  const signed = new Int32Array(words.buffer);
  return Array.from({ length: length / ITEM.words }, (_, i) => {
    const at = i * ITEM.words;
    return {
      slot: signed[at + 1],
      head: signed[at + 2],
      rows: signed[at + 3],
      begin: signed[at + 6],
      end: signed[at + 7],
      firstPages: signed[at + 8],
      secondShift: signed[at + 10],
      partialRow: signed[at + 12],
      unmaskedBegin: signed[at + 14],
      unmaskedEnd: signed[at + 15],
    };
  });
}

Deno.test("planBatch() reads all pages of full heads, and sinks and window of window heads", () => {
  const plan = createWorkPlan();
  planBatch(plan, batch({ tokens: [1], cached: [999] }), { ...OPTIONS, splitTokens: 1024 });
  const [full, window] = itemsOf(plan, 5);
  assert.equal(full.end - full.begin, 63 * 16);
  // Keys 0…19 lie in pages 0 and 1; keys 960…999 in pages 60, 61 and 62.
  assert.deepEqual([window.firstPages, window.end - window.begin], [2, 5 * 16]);
  assert.equal(window.secondShift, 60 - 2);
  assert.equal(plan.keysRead, (63 + 5) * 16);
});

Deno.test("planBatch() reads whole rows when it walks rows", () => {
  const plan = createWorkPlan();
  planBatch(plan, batch({ tokens: [1], cached: [999] }), { ...OPTIONS, walk: "row" });
  assert.equal(plan.keysRead, 2 * 63 * 16);
});

Deno.test("planBatch() joins sinks and window into one run when they touch", () => {
  const plan = createWorkPlan();
  planBatch(plan, batch({ tokens: [1], cached: [60] }), { ...OPTIONS, splitTokens: 1024 });
  const window = itemsOf(plan, 5)[1];
  assert.deepEqual([window.firstPages, window.end], [4, 64]);
});

Deno.test("planBatch() covers every page once when rows are split", () => {
  const plan = createWorkPlan();
  planBatch(plan, batch({ tokens: [1, 1], cached: [999, 30] }), { ...OPTIONS, splitTokens: 100 });
  const items = itemsOf(plan, 5).filter(({ slot, head }) => slot === 0 && head === 0);
  assert.equal(items.length, 9);
  let next = 0;
  for (const { begin, end } of items) {
    assert.equal(begin, next);
    assert.ok(end - begin <= 112);
    next = end;
  }
  assert.equal(next, 63 * 16);
  assert.deepEqual(items.map(({ partialRow }) => partialRow), [0, 5, 10, 15, 20, 25, 30, 35, 40]);
  const merges = plan.merges.length / MERGE.words;
  assert.equal(merges, 5, "the rows of slot 0's full head alone");
  const [outputRow, queryHead, partialRow, stride, splits] = plan.merges.words.subarray(
    2 * MERGE.words,
  );
  assert.deepEqual([outputRow, queryHead, partialRow, stride, splits], [2, 2, 2, 5, 9]);
});

Deno.test("planBatch() splits rows of several tokens too", () => {
  const plan = createWorkPlan();
  const rows = batch({ tokens: [4], cached: [1000], headWindows: Int32Array.of(0, 0) });
  planBatch(plan, rows, { ...OPTIONS, parallelItems: 64 });
  assert.ok(itemsOf(plan, 5).length > 2 * 4, "more items than tiles of rows");
});

Deno.test("planBatch() puts items side by side that read the same pages", () => {
  const plan = createWorkPlan();
  const rows = batch({ tokens: [1], cached: [999], headWindows: Int32Array.of(0) });
  planBatch(plan, rows, { ...OPTIONS, group: 8, splitTokens: 512 });
  const places = itemsOf(plan, 4).map(({ begin, end }) => [begin, end]);
  assert.deepEqual(places, [[0, 512], [0, 512], [512, 1008], [512, 1008]]);
});

Deno.test("planBatch() ends the part that needs no mask where the split ends", () => {
  const plan = createWorkPlan();
  planBatch(plan, batch({ tokens: [2], cached: [999] }), { ...OPTIONS, splitTokens: 512 });
  const plain = itemsOf(plan, 5).map((
    { head, unmaskedBegin, unmaskedEnd },
  ) => [head, unmaskedBegin, unmaskedEnd]);
  // A token's five rows are a tile. The first token sees keys up to 999, and in its window of 40
  // those from 960 on, token 32 of the runs: pages 0 and 1, then the pages from 60 on.
  assert.deepEqual(plain, [
    [0, 0, 512],
    [0, 0, 512],
    [0, 0, 1000],
    [0, 0, 1001],
    [1, 32, 72],
    [1, 33, 73],
  ]);
});

Deno.test("planBatch() skips idle slots and gives items in which nothing is held no pages", () => {
  const plan = createWorkPlan();
  const holes = batch({ tokens: [0, 1], cached: [50, 50] });
  holes.table.ids.fill(-1);
  planBatch(plan, holes, OPTIONS);
  const items = itemsOf(plan, 5);
  assert.deepEqual(items.map(({ slot, begin, end }) => [slot, begin, end]), [[1, 0, 0], [1, 0, 0]]);
});

Deno.test("planBatch() aims at as many items as the device runs at once", () => {
  const plan = createWorkPlan();
  const long = batch({ tokens: [1, 1], cached: [1000, 500], headWindows: Int32Array.of(0, 0) });
  planBatch(plan, long, { ...OPTIONS, parallelItems: 16 });
  const count = itemsOf(plan, 5).length;
  assert.ok(count >= 12 && count <= 20, `${count}`);
});

Deno.test("planBatch() makes no garbage in the steady state", () => {
  const plan = createWorkPlan();
  const steady = batch({ tokens: [1, 1], cached: [1000, 500] });
  planBatch(plan, steady, OPTIONS);
  const words = plan.items.map((list) => list.words);
  for (let i = 0; i < 100; i++) planBatch(plan, steady, OPTIONS);
  assert.ok(plan.items.every((list, i) => list.words === words[i]));
});

Deno.test("planBatch() lets the last workgroup of a tile join few splits, and no dispatch", () => {
  const plan = createWorkPlan();
  const rows = batch({ tokens: [1], cached: [1000], headWindows: Int32Array.of(0, 0) });
  planBatch(plan, rows, { ...OPTIONS, parallelItems: 6, mergesInside: true });
  assert.deepEqual([plan.counters, plan.merges.length], [2, 0]);
  const { words, length } = plan.items[ITEM_ROWS.indexOf(5)];
  const joined = Array.from({ length: length / ITEM.words }, (_, item) => {
    const at = item * ITEM.words;
    return `${words[at + ITEM.at.counter]}:${words[at + ITEM.at.splits]}`;
  });
  for (const counter of [0, 1]) {
    const own = joined.filter((each) => each.startsWith(`${counter}:`));
    assert.deepEqual(own, own.map(() => `${counter}:${own.length}`), "all splits are counted");
  }
});

Deno.test("planBatch() plans steps of few keys by themselves", () => {
  const plan = createWorkPlan();
  const o = {
    ...OPTIONS,
    group: 8,
    parallelItems: 8,
    rowSizes: { leastMatrixRows: Infinity },
    short: { parallelItems: 4 },
  } as const;
  planBatch(plan, batch({ tokens: [1], cached: [400] }), o);
  assert.ok(plan.isShort && itemsOf(plan, 4).length > 0);
  // Few enough splits are joined inside; where some would not be, the step is none of those.
  const inside = { ...o, short: { ...o.short, parallelItems: 16, mergesInside: true } };
  planBatch(plan, batch({ tokens: [1], cached: [400] }), inside);
  assert.ok(plan.isShort && plan.counters > 0 && plan.merges.length === 0);
  const wide = { ...inside, short: { ...inside.short, parallelItems: 256 }, parallelItems: 512 };
  planBatch(plan, batch({ tokens: [1], cached: [20_000], headWindows: Int32Array.of(0) }), wide);
  assert.ok(!plan.isShort && plan.counters === 0 && plan.merges.length > 0);
  planBatch(plan, batch({ tokens: [1], cached: [900] }), o);
  const eight = { ...o, rowSizes: { ...o.rowSizes, rowsOfSubgroup: 8 } };
  assert.ok(!plan.isShort, "two items of four rows read the keys twice");
  planBatch(plan, batch({ tokens: [1], cached: [900] }), eight);
  assert.ok(plan.isShort, "one item of eight rows reads them once");
  planBatch(plan, batch({ tokens: [1, 1], cached: [900, 900] }), o);
  assert.ok(!plan.isShort && itemsOf(plan, 4).length > 0);
});
