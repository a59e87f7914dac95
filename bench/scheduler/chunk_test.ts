import assert from "node:assert/strict";
import { chunkTokens } from "./chunk.ts";

/** What the choice of a chunk reads of a scheduler. */
function schedulerOf(chunkedPrefill: boolean) {
  const options = { pageSizeTokens: 64 };
  return {
    settings: { chunkedPrefill },
    ranks: { measured: { options } },
  } as unknown as Parameters<
    typeof chunkTokens
  >[0];
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
