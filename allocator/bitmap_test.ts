import assert from "node:assert/strict";
import { createFullBitmaps, findBrokenWord, hasOrdinal, takeLeast } from "./bitmap.ts";

Deno.test("createFullBitmaps() holds each ordinal once and nothing behind the last when sizes meet words", () => {
  for (const size of [1, 2, 31, 32, 33, 1023, 1024, 1025, 32768, 32769, 100_000]) {
    const bitmaps = createFullBitmaps(2, size);
    assert.equal(findBrokenWord(bitmaps, 0), -1);
    for (let i = 0; i < size; i++) assert.equal(takeLeast(bitmaps, 1), i);
    const { words0, words1, words2 } = bitmaps;
    for (
      const [level, words] of [
        [bitmaps.level0, words0],
        [bitmaps.level1, words1],
        [bitmaps.level2, words2],
      ] as const
    ) assert.ok(level.subarray(words).every((word) => word === 0));
    assert.equal(findBrokenWord(bitmaps, 1), -1);
    for (let i = 0; i < size; i++) assert.ok(hasOrdinal(bitmaps, 0, i));
  }
});

Deno.test("findBrokenWord() names the word when a level, the tail or the first word lies", () => {
  const broken = (change: (bitmaps: ReturnType<typeof createFullBitmaps>) => void): number => {
    const bitmaps = createFullBitmaps(1, 40 * 32 + 3);
    change(bitmaps);
    return findBrokenWord(bitmaps, 0);
  };
  assert.equal(broken((b) => b.level0[3] = 0), 41);
  assert.equal(broken((b) => b.level1[1] = 0), 42);
  assert.equal(broken((b) => b.level1[1] |= 1 << 9), 42);
  assert.equal(broken((b) => b.level2[0] = 1), 43);
  assert.equal(broken((b) => b.level0[40] = 15), 40);
  assert.equal(broken((b) => b.firstWords[0] = 2), 0);
});
