import assert from "node:assert/strict";
import { findImplausibleTime } from "./plausible_times.ts";

/** Times that no timer repeats, each this many milliseconds or a little more. */
const timesOf = (
  least: number,
  work: { leastBytes: number; leastFlops: number },
  o: number[] = [],
) =>
  Array.from({ length: 4 }, (_, step) => ({
    step,
    milliseconds: o[step] ?? least * (1 + 0.0137 * step),
    ...work,
  }));

const context = (isSoftware: boolean, elapsedMs = 1e6) => ({
  isSoftware,
  elapsedMs,
  stretch: { earlierMs: 0, elapsedMs },
});

Deno.test("findImplausibleTime() takes what the fastest card could do, and nothing faster", () => {
  for (const work of [{ leastBytes: 1e9, leastFlops: 0 }, { leastBytes: 0, leastFlops: 1e13 }]) {
    // The least time is found by halving; at it the times stand, and a millionth below they do not.
    let [low, high] = [0, 1e6];
    for (let round = 0; round < 200; round++) {
      const middle = (low + high) / 2;
      const text = findImplausibleTime(timesOf(middle, work), context(false));
      if (text !== null && / is that fast$/.test(text)) low = middle;
      else high = middle;
    }
    assert.ok(high > 1e-3 && high < 1e3, `${high}`);
    // A rate that is a round number gives the least time itself.
    const amount = work.leastBytes + work.leastFlops;
    assert.equal(high, amount / Number((amount / high).toPrecision(6)));
    assert.equal(findImplausibleTime(timesOf(high, work), context(false)), null);
    assert.match(
      findImplausibleTime(timesOf(high * (1 - 1e-6), work), context(false)) ?? "",
      /^step 0 is said to take .*: no card is that fast$/,
    );
    assert.match(
      findImplausibleTime(timesOf(high, work), context(true)) ?? "",
      /no processor is that fast$/,
    );
  }
});

Deno.test("findImplausibleTime() refuses what is no time, and more time than passed", () => {
  const work = { leastBytes: 0, leastFlops: 0 };
  for (const milliseconds of [0, -1, NaN, Infinity]) {
    const times = timesOf(1, work, [1, milliseconds]);
    assert.match(findImplausibleTime(times, context(true)) ?? "", /^step 1 .*finite and above 0/);
  }
  assert.match(
    findImplausibleTime(timesOf(10, work), context(true, 10)) ?? "",
    /4 steps are said to take .* together, but only 10\.000 ms passed/,
  );
});
