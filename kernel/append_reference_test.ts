import assert from "node:assert/strict";
import fc from "fast-check";
import { type AppendOutcome, appendReference, compareAppend } from "./append_reference.ts";
import { checkAppend } from "./check_append.ts";
import type { AppendProblem, Rotary } from "./problem.ts";
import { randomAppend } from "./random_problem.ts";
import { rotaryTable, rotateVector } from "./rotary.ts";
import { decodeValue, decodeValues, encodeValues, roundingErrorBound } from "./storage_type.ts";

const NEOX: Rotary = { style: "neox", theta: 10_000, rotaryDimensions: 64 };
const SHAPE = {
  batch: 3,
  queryHeads: 4,
  kvHeads: 2,
  headSize: 64,
  pageSizeTokens: 16,
  pages: 12,
  columns: 4,
  layout: "headwise",
  storage: "bf16",
} as const;

function problemOf(change: Partial<Parameters<typeof randomAppend>[0]> = {}): AppendProblem {
  return randomAppend({
    seed: 4,
    shape: SHAPE,
    queryLengths: [1, 0, 5],
    cachedLengths: [20, 0, 14],
    rotary: NEOX,
    ...change,
  });
}

const variants = fc.record({
  seed: fc.nat(),
  layout: fc.constantFrom("uniform" as const, "headwise" as const, "pooled" as const),
  storage: fc.constantFrom("bf16" as const, "f16" as const),
  style: fc.constantFrom("none" as const, "interleaved" as const, "neox" as const),
  rotaryDimensions: fc.constantFrom(16, 64),
}).map((o) =>
  problemOf({
    seed: o.seed,
    shape: { ...SHAPE, layout: o.layout, storage: o.storage },
    rotary: { style: o.style, theta: 10_000, rotaryDimensions: o.rotaryDimensions },
  })
);

/** Offset of a vector by the formulas of the three layouts. */
function addressOf(p: AppendProblem, at: { slot: number; head: number; position: number }): number {
  const { kvHeads, pageSizeTokens, headSize, columns, layout } = p.shape;
  const column = Math.floor(at.position / pageSizeTokens);
  const inPage = at.position % pageSizeTokens;
  const row = layout === "uniform" ? at.slot : at.slot * kvHeads + at.head;
  const id = p.table[row * columns + column];
  return layout === "pooled"
    ? (id * pageSizeTokens + inPage) * headSize
    : ((id * kvHeads + at.head) * pageSizeTokens + inPage) * headSize;
}

Deno.test("appendReference() puts every key and value where the table says when layouts vary", () => {
  fc.assert(
    fc.property(variants, (p) => {
      checkAppend(p);
      const { keys, values, query, droppedWrites } = appendReference(p);
      assert.equal(droppedWrites, 0);
      const { queryHeads, kvHeads, headSize, storage } = p.shape;
      const written = new Set<number>();
      const near = (got: Uint16Array, source: number, positionTokens: number): void => {
        const bits = p.packed.subarray(source, source + headSize);
        const vector = Float64Array.from(decodeValues(storage, bits));
        const expected = rotateVector(vector, { positionTokens, rotary: p.rotary });
        expected.forEach((value, d) => {
          const error = Math.abs(decodeValue(storage, got[d]) - value);
          assert.ok(error <= roundingErrorBound(storage, Math.abs(value)));
        });
      };
      for (const [slot, queryLength] of [1, 0, 5].entries()) {
        for (let i = 0; i < queryLength; i++) {
          const token = p.queryStarts[slot] + i;
          const position = p.cachedLengths[slot] + i;
          const base = token * (queryHeads + 2 * kvHeads) * headSize;
          for (let head = 0; head < queryHeads; head++) {
            const row = (token * queryHeads + head) * headSize;
            near(query.subarray(row, row + headSize), base + head * headSize, position);
          }
          for (let head = 0; head < kvHeads; head++) {
            const offset = addressOf(p, { slot, head, position });
            written.add(offset / headSize);
            const key = base + (queryHeads + head) * headSize;
            near(keys.subarray(offset, offset + headSize), key, position);
            const value = key + kvHeads * headSize;
            assert.deepEqual(
              values.subarray(offset, offset + headSize),
              p.packed.subarray(value, value + headSize),
            );
          }
        }
      }
      assert.equal(written.size, 6 * kvHeads);
      for (let vector = 0; vector < keys.length / headSize; vector++) {
        if (written.has(vector)) continue;
        const range = [vector * headSize, (vector + 1) * headSize] as const;
        assert.deepEqual(keys.subarray(...range), p.keys.subarray(...range));
        assert.deepEqual(values.subarray(...range), p.values.subarray(...range));
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("appendReference() leaves the problem's cache alone when it writes", () => {
  const p = problemOf();
  const before = p.keys.slice();
  appendReference(p);
  assert.deepEqual(p.keys, before);
});

Deno.test("appendReference() drops and reports writes when their page is a hole", () => {
  const p = problemOf();
  const table = p.table.slice();
  // Slot 2 writes positions 14…18; head 1 loses the page of 16…18.
  table[(2 * 2 + 1) * 4 + 1] = -1;
  const result = appendReference({ ...p, table });
  assert.equal(result.droppedWrites, 3);
  assert.deepEqual(
    result.dropped,
    [16, 17, 18].map((positionTokens) => ({ slot: 2, head: 1, positionTokens })),
  );
  const whole = appendReference(p);
  let changed = 0;
  result.keys.forEach((bits, i) => changed += bits === whole.keys[i] ? 0 : 1);
  assert.ok(changed > 0 && changed <= 3 * 64);
});

Deno.test("appendReference() copies bits when nothing turns, NaN payloads included", () => {
  const rotary: Rotary = { style: "none", theta: 1, rotaryDimensions: 0 };
  const p = problemOf({ rotary });
  p.packed[0] = 0x7fc1;
  assert.equal(appendReference(p).query[0], 0x7fc1);
  const partial = problemOf({ rotary: { ...NEOX, rotaryDimensions: 32 } });
  partial.packed[40] = 0x7fc1;
  assert.equal(appendReference(partial).query[40], 0x7fc1);
});

/** Rotates every query head as a float32 kernel does that reads a table of sines and cosines. */
function rotateQueriesInFloat32(p: AppendProblem): Uint16Array {
  const { queryHeads, kvHeads, headSize, storage } = p.shape;
  const half = p.rotary.rotaryDimensions / 2;
  const out = new Float32Array(p.queryStarts[p.shape.batch] * queryHeads * headSize);
  for (let slot = 0; slot < p.shape.batch; slot++) {
    for (let token = p.queryStarts[slot]; token < p.queryStarts[slot + 1]; token++) {
      const position = p.cachedLengths[slot] + token - p.queryStarts[slot];
      const { cosines, sines } = rotaryTable(p.rotary, new Int32Array([position]));
      for (let head = 0; head < queryHeads; head++) {
        const base = (token * (queryHeads + 2 * kvHeads) + head) * headSize;
        const vector = decodeValues(storage, p.packed.subarray(base, base + headSize));
        for (let pair = 0; pair < half; pair++) {
          const [a, b, cosine, sine] = [
            vector[pair],
            vector[pair + half],
            cosines[pair],
            sines[pair],
          ];
          vector[pair] = Math.fround(a * cosine) - Math.fround(b * sine);
          vector[pair + half] = Math.fround(b * cosine) + Math.fround(a * sine);
        }
        out.set(vector, (token * queryHeads + head) * headSize);
      }
    }
  }
  return encodeValues(storage, out);
}

Deno.test("compareAppend() accepts a float32 rotation when its angles come from the table", () => {
  let differing = 0;
  for (let seed = 0; seed < 40; seed++) {
    const problem = problemOf({ seed, shape: { ...SHAPE, storage: "f16" } });
    const reference = appendReference(problem);
    const query = rotateQueriesInFloat32(problem);
    query.forEach((bits, i) => differing += bits === reference.query[i] ? 0 : 1);
    const verdict = compareAppend({ problem, outcome: { ...reference, query } });
    assert.ok(verdict.ok, verdict.message);
  }
  // Otherwise the bound was never put to use.
  assert.ok(differing > 0);
});

Deno.test("compareAppend() rejects an outcome when one thing about it is wrong", () => {
  const problem = problemOf();
  const reference = appendReference(problem);
  const otherStyle = { ...problem, rotary: { ...NEOX, style: "interleaved" as const } };
  const shifted = { ...problem, rotary: { ...NEOX, theta: 10_100 } };
  const flip = (bits: Uint16Array, index: number): Uint16Array =>
    bits.map((value, i) => i === index ? value ^ 8 : value);
  // No slot holds 12 · 16 tokens: some vector of every head is untouched, and equal in both.
  const vectors = Array.from({ length: problem.keys.length / 64 }, (_, vector) => vector * 64);
  const untouched =
    vectors.find((from) =>
      reference.keys.subarray(from, from + 64).every((bits, d) => bits === problem.keys[from + d])
    ) ?? assert.fail("every vector was written");
  const wrong: [string, AppendOutcome][] = [
    ["another style", appendReference(otherStyle)],
    ["another base", appendReference(shifted)],
    ["no write", { ...reference, keys: problem.keys }],
    ["no value write", { ...reference, values: problem.values }],
    ["a changed query", { ...reference, query: flip(reference.query, 70) }],
    ["a stray key", { ...reference, keys: flip(reference.keys, untouched) }],
    ["a wrong count", { ...reference, droppedWrites: 1 }],
  ];
  for (const [name, outcome] of wrong) {
    assert.equal(compareAppend({ problem, outcome }).ok, false, name);
  }
  assert.throws(
    () => compareAppend({ problem, outcome: { ...reference, query: new Uint16Array(3) } }),
    { code: "shape" },
  );
});
