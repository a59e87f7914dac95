import assert from "node:assert/strict";
import { interleaveSides } from "./pair_order.ts";

Deno.test("interleaveSides() goes forwards and backwards when there are three sides", () => {
  const turns = interleaveSides({ sides: 3, pairs: 3 });
  assert.equal(turns.map(({ side }) => "ABC"[side]).join(""), "ABCCBAABC");
  assert.deepEqual(turns.map(({ pair }) => pair), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
});

Deno.test("interleaveSides() cancels a linear drift when the number of pairs is even", () => {
  const turns = interleaveSides({ sides: 3, pairs: 4 });
  const positions = [0, 0, 0];
  turns.forEach(({ side }, position) => positions[side] += position);
  assert.equal(new Set(positions).size, 1);
});
