import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type SortedSample,
  sortSample,
  summarizeSamples,
  summarizeWeighted,
} from "../statistics/mod.ts";
import { groupGaps } from "./gap_groups.ts";

type Pairs = readonly (readonly [gapMs: number, tokens: number])[];

function sorted(pairs: Pairs): SortedSample {
  return sortSample(pairs.map(([gap]) => gap), pairs.map(([, tokens]) => tokens));
}

Deno.test("groupGaps() sorts gaps and joins equal ones", () => {
  const groups = { gapMs: [1, 3], tokens: [4, 3] };
  assert.deepEqual(groupGaps([sorted([[3, 1], [1, 4], [3, 2], [2, 0]])]), groups);
  assert.deepEqual(groupGaps([sorted([[3, 1], [2, 0]]), sorted([[1, 4], [3, 2]])]), groups);
  // A millionth of a nanosecond is no gap of its own.
  assert.deepEqual(groupGaps([sorted([[3, 1], [3 + 1e-12, 2]])]), { gapMs: [3], tokens: [3] });
  assert.equal(groupGaps([sorted([])]), null);
});

Deno.test("groupGaps() keeps few groups, every token, and shares that are exact", () => {
  const pairs = Array.from({ length: 5000 }, (_, i) => [(i * 7919) % 5000 + 1, i % 5] as const);
  const { gapMs, tokens } = groupGaps([sorted(pairs)])!;
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

Deno.test("gaps of replicas come to what the gaps of one list do, however they are shared out", () => {
  const pair = fc.tuple(
    fc.integer({ min: 0, max: 3000 }).map((gap) => gap / 7),
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: 4 }),
  );
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 1500 }), (rows) => {
      const pairs: Pairs = rows.map(([gap, tokens]) => [gap, tokens]);
      const parts = [0, 1, 2, 3, 4].map((part) =>
        sorted(rows.filter((row) => row[2] === part).map(([gap, tokens]) => [gap, tokens]))
      );
      assert.deepEqual(groupGaps(parts), groupGaps([sorted(pairs)]));
      const wanted = summarizeWeighted(
        pairs.map(([gap]) => gap),
        pairs.map(([, tokens]) => tokens),
      );
      const found = summarizeSamples(parts);
      if (wanted === null || found === null) return assert.equal(found, wanted);
      assert.ok(Math.abs(found.mean - wanted.mean) <= 1e-12 * wanted.mean);
      assert.deepEqual({ ...found, mean: wanted.mean }, wanted);
    }),
    { numRuns: 200 },
  );
});
