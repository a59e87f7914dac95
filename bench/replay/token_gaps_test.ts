import assert from "node:assert/strict";
import { groupGaps } from "./token_gaps.ts";

function weighted(pairs: readonly (readonly [number, number])[]) {
  return {
    gapsMs: Float64Array.from(pairs, ([gap]) => gap),
    tokens: Float64Array.from(pairs, ([, tokens]) => tokens),
  };
}

Deno.test("groupGaps() sorts gaps and joins equal ones", () => {
  assert.deepEqual(groupGaps(weighted([[3, 1], [1, 4], [3, 2], [2, 0]])), {
    gapMs: [1, 3],
    tokens: [4, 3],
  });
  assert.equal(groupGaps(weighted([])), null);
});

Deno.test("groupGaps() keeps few groups, every token, and shares that are exact", () => {
  const pairs = Array.from({ length: 5000 }, (_, i) => [(i * 7919) % 5000 + 1, i % 5] as const);
  const { gapMs, tokens } = groupGaps(weighted(pairs))!;
  assert.ok(gapMs.length <= 256 && gapMs.length > 200, `${gapMs.length}`);
  assert.equal(tokens.reduce((sum, n) => sum + n), 10_000);
  assert.equal(gapMs.at(-1), Math.max(...pairs.filter(([, n]) => n > 0).map(([gap]) => gap)));
  let upTo = 0;
  gapMs.forEach((gap, group) => {
    upTo += tokens[group];
    const wanted = pairs.reduce((sum, [each, n]) => sum + (each <= gap ? n : 0), 0);
    assert.equal(upTo, wanted);
  });
});
