import assert from "node:assert/strict";
import fc from "fast-check";
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
