import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addOrdinal,
  createFullBitmaps,
  findBrokenWord,
  takeLeast,
  takeLeastOf,
} from "../allocator/bitmap.ts";
import { popLeast, pushValue } from "./min_heap.ts";

Deno.test("popLeast() returns pushed values in ascending order", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (values) => {
    const heaps = new Int32Array(values.length);
    values.forEach((value, size) => pushValue(heaps, 0, size, value));
    const popped = values.map((_, i) => popLeast(heaps, 0, values.length - i));
    assert.deepEqual(popped, values.toSorted((a, b) => a - b));
  }));
});

Deno.test("pushValue() and popLeast() agree with a sorted list when interleaved at an offset", () => {
  fc.assert(fc.property(
    fc.array(fc.option(fc.integer({ min: -9, max: 9 }), { freq: 3 }), { maxLength: 200 }),
    (commands) => {
      const heaps = new Int32Array(210).fill(777);
      const sorted: number[] = [];
      for (const value of commands) {
        if (value !== null) {
          pushValue(heaps, 5, sorted.length, value);
          sorted.push(value);
          sorted.sort((a, b) => a - b);
        } else if (sorted.length > 0) {
          assert.equal(popLeast(heaps, 5, sorted.length), sorted.shift());
        }
      }
      assert.ok(heaps.slice(0, 5).every((value) => value === 777));
      assert.ok(heaps.slice(205).every((value) => value === 777));
    },
  ));
});

Deno.test("takeLeast() and addOrdinal() decide as a binary heap when sets of all depths are interleaved", () => {
  const sizes = fc.constantFrom(1, 5, 32, 33, 1024, 1025, 33_000, 100_000);
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
