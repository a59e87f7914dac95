import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addOrdinal,
  createFullBitmaps,
  findBrokenWord,
  hasOrdinal,
  takeLeast,
  takeLeastOf,
} from "./bitmap.ts";
import { popLeast, pushValue } from "../tools/min_heap.ts";

Deno.test("createFullBitmaps() holds each ordinal once and nothing behind the last when sizes meet words", () => {
  for (const size of [1, 2, 31, 32, 33, 1023, 1024, 1025, 32768, 32769]) {
    const bitmaps = createFullBitmaps(2, size);
    assert.equal(findBrokenWord(bitmaps, 0), -1);
    for (let i = 0; i < size; i++) assert.equal(takeLeast(bitmaps, 1), i);
    assert.ok(bitmaps.words.subarray(bitmaps.stride).every((word) => word === 0));
    assert.equal(findBrokenWord(bitmaps, 1), -1);
    for (let i = 0; i < size; i++) assert.ok(hasOrdinal(bitmaps, 0, i));
  }
});

Deno.test("takeLeast() and addOrdinal() decide as a binary heap when sets of all depths are interleaved", () => {
  const sizes = fc.constantFrom(1, 5, 32, 33, 1024, 1025, 33_000);
  // Long stretches of takes empty whole words and whole levels; single frees refill them.
  const command = fc.oneof(
    fc.record({ take: fc.integer({ min: 1, max: 2000 }), put: fc.constant(0) }),
    fc.record({ take: fc.constant(0), put: fc.integer({ min: 1, max: 70 }) }),
  );
  const commands = fc.array(fc.record({ set: fc.nat(2), command, pick: fc.nat() }));
  fc.assert(fc.property(sizes, commands, (size, list) => {
    const bitmaps = createFullBitmaps(3, size);
    const heap = new Int32Array(3 * size).map((_, i) => i % size);
    const free = [size, size, size];
    const taken: number[][] = [[], [], []];
    for (const { set, command, pick } of list) {
      const count = Math.min(command.take, free[set]);
      const together = new Int32Array(count + 2).fill(-7);
      if (pick % 2 === 0) takeLeastOf(bitmaps, set, together, 1, count);
      for (let i = 0; i < count; i++) {
        const ordinal = pick % 2 === 0 ? together[1 + i] : takeLeast(bitmaps, set);
        assert.equal(ordinal, popLeast(heap, set * size, free[set]));
        free[set]--;
        taken[set].push(ordinal);
      }
      assert.deepEqual([together[0], together[count + 1]], [-7, -7]);
      assert.equal(findBrokenWord(bitmaps, set), -1);
      // Small clusters as well as scattered ordinals: words fill and empty one bit at a time.
      for (let i = 0; i < command.put && taken[set].length > 0; i++) {
        const [ordinal] = taken[set].splice((pick + i * 977) % taken[set].length, 1);
        addOrdinal(bitmaps, set, ordinal);
        pushValue(heap, set * size, free[set], ordinal);
        free[set]++;
      }
    }
    for (let set = 0; set < 3; set++) assert.equal(findBrokenWord(bitmaps, set), -1);
  }));
});

Deno.test("findBrokenWord() names the word when a level, the tail or the first word lies", () => {
  const broken = (change: (bitmaps: ReturnType<typeof createFullBitmaps>) => void): number => {
    const bitmaps = createFullBitmaps(1, 40 * 32 + 3);
    change(bitmaps);
    return findBrokenWord(bitmaps, 0);
  };
  assert.equal(broken((b) => b.words[3] = 0), 41);
  assert.equal(broken((b) => b.words[41 + 1] = 0), 42);
  assert.equal(broken((b) => b.words[43] = 1), 43);
  assert.equal(broken((b) => b.words[40] = 15), 40);
  assert.equal(broken((b) => b.firstWords[0] = 2), 0);
});
