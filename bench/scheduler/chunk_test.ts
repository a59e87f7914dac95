import assert from "node:assert/strict";
import { headMapFromPattern } from "../../allocator/mod.ts";
import { chunkTokens, engineChunkTokens } from "./chunk.ts";

/** What the choice of a chunk reads of a scheduler. */
function schedulerOf(chunkedPrefill: boolean, heads = headsOf(0)) {
  const options = { pageSizeTokens: 64, heads };
  return {
    settings: { chunkedPrefill },
    ranks: { measured: { options } },
  } as unknown as Parameters<
    typeof chunkTokens
  >[0];
}

function headsOf(ratio: number) {
  const pattern = { layers: 2, kvHeads: 4, pattern: "first", windowTokens: 128 } as const;
  return headMapFromPattern({ ...pattern, ratio, sinkTokens: 0 });
}

const requestOf = (prefillTokens: number, cached: number) =>
  ({ prefillTokens, cached }) as Parameters<typeof chunkTokens>[1];

Deno.test("chunkTokens() takes the rest whole up to the last token of the budget", () => {
  for (const chunked of [true, false]) {
    assert.equal(chunkTokens(schedulerOf(chunked), requestOf(100, 0), 100), 100);
    assert.equal(chunkTokens(schedulerOf(chunked), requestOf(130, 30), 100), 100);
  }
});

Deno.test("chunkTokens() cuts one token more at a page, or not at all", () => {
  assert.equal(chunkTokens(schedulerOf(true), requestOf(101, 0), 100), 64);
  assert.equal(chunkTokens(schedulerOf(true), requestOf(231, 30), 100), 98);
  assert.equal(chunkTokens(schedulerOf(false), requestOf(101, 0), 100), 0);
});

Deno.test("chunkTokens() spends the budget where no page ends inside it", () => {
  assert.equal(chunkTokens(schedulerOf(true), requestOf(200, 10), 50), 50);
  assert.equal(chunkTokens(schedulerOf(true), requestOf(200, 10), 54), 54);
  assert.equal(chunkTokens(schedulerOf(true), requestOf(200, 10), 117), 54);
});

Deno.test("engineChunkTokens() takes the rest up to the budget, and cuts where the budget ends", () => {
  const full = schedulerOf(true, headsOf(0));
  assert.equal(engineChunkTokens(full, requestOf(130, 30), 100), 100);
  assert.equal(engineChunkTokens(full, requestOf(129, 30), 100), 99);
  assert.equal(engineChunkTokens(full, requestOf(131, 30), 100), 100);
  const whole = schedulerOf(false, headsOf(0));
  assert.equal(engineChunkTokens(whole, requestOf(130, 30), 100), 100);
  assert.equal(engineChunkTokens(whole, requestOf(131, 30), 100), 0);
});

Deno.test("engineChunkTokens() ends at a page where window heads recycle", () => {
  const window = schedulerOf(true, headsOf(0.5));
  assert.equal(engineChunkTokens(window, requestOf(131, 30), 100), 98);
  assert.equal(engineChunkTokens(window, requestOf(130, 30), 100), 100);
});
