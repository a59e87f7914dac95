import assert from "node:assert/strict";
import fc from "fast-check";
import { parseArithmetic } from "./arithmetic.ts";
import { type AppendOutcome, appendReference, compareAppend } from "./append_reference.ts";
import { checkAppend } from "./check_append.ts";
import type { AppendProblem, Rotary } from "./problem.ts";
import { randomAppend } from "./random_problem.ts";
import { rotateVector } from "./rotary.ts";
import {
  decodeValue,
  decodeValues,
  encodeValue,
  encodeValues,
  roundingErrorBound,
} from "./storage_type.ts";

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

/** How an engine rotates: what its angles are, and what its table and its products are rounded to. */
interface Rotation {
  readonly angle: (position: number, pair: number, rotary: Rotary) => number;
  readonly round: (value: number) => number;
}

const { fround } = Math;

function exactAngle(position: number, pair: number, rotary: Rotary): number {
  return position * rotary.theta ** (-2 * pair / rotary.rotaryDimensions);
}

/** Angles as PyTorch's modules and CUDA kernels compute them: a float32 frequency by a position. */
function float32Angle(position: number, pair: number, rotary: Rotary): number {
  const exponent = fround(2 * pair / rotary.rotaryDimensions);
  return fround(position * fround(1 / fround(rotary.theta ** exponent)));
}

/** Rotates every query head as a kernel does that rounds sines, cosines and products. */
function rotateQueries(p: AppendProblem, { angle, round }: Rotation, ahead = 0): Uint16Array {
  const { queryHeads, kvHeads, headSize, storage } = p.shape;
  const half = p.rotary.rotaryDimensions / 2;
  const out = new Float32Array(p.queryStarts[p.shape.batch] * queryHeads * headSize);
  for (let slot = 0; slot < p.shape.batch; slot++) {
    for (let token = p.queryStarts[slot]; token < p.queryStarts[slot + 1]; token++) {
      const position = p.cachedLengths[slot] + token - p.queryStarts[slot] + ahead;
      for (let head = 0; head < queryHeads; head++) {
        const base = (token * (queryHeads + 2 * kvHeads) + head) * headSize;
        const vector = decodeValues(storage, p.packed.subarray(base, base + headSize));
        for (let pair = 0; pair < half; pair++) {
          const turn = angle(position, pair, p.rotary);
          const [a, b] = [vector[pair], vector[pair + half]];
          const [cosine, sine] = [round(Math.cos(turn)), round(Math.sin(turn))];
          vector[pair] = round(a * cosine) - round(b * sine);
          vector[pair + half] = round(b * cosine) + round(a * sine);
        }
        out.set(vector, (token * queryHeads + head) * headSize);
      }
    }
  }
  return encodeValues(storage, out);
}

/** Queries at positions up to 5,000, and what each rotation of them makes of the comparison. */
function compareRotations(
  rotation: (storage: "bf16" | "f16") => Rotation,
  o: { declared?: "f32" | "storage"; ahead?: number } = {},
) {
  const problems = Array.from({ length: 12 }, (_, seed) =>
    problemOf({
      seed,
      shape: { ...SHAPE, columns: 400, pages: 800, storage: seed % 2 === 0 ? "f16" : "bf16" },
      cachedLengths: [[20, 1000, 5000][seed % 3]!, 0, 14],
    }));
  return problems.map((problem) => {
    const reference = appendReference(problem);
    const query = rotateQueries(problem, rotation(problem.shape.storage), o.ahead);
    const arithmetic = parseArithmetic(o.declared === undefined ? {} : { rotation: o.declared });
    const verdict = compareAppend({ problem, outcome: { ...reference, query }, arithmetic });
    return { ...verdict, differing: query.some((bits, i) => bits !== reference.query[i]) };
  });
}

const toStorage = (storage: "bf16" | "f16") => (value: number): number =>
  decodeValue(storage, encodeValue(storage, value));

for (
  const [name, angle] of [["from a table", exactAngle], ["in float32", float32Angle]] as const
) {
  Deno.test(`compareAppend() accepts a float32 rotation with angles ${name}`, () => {
    const verdicts = compareRotations(() => ({ angle, round: fround }));
    verdicts.forEach(({ ok, message }) => assert.ok(ok, message));
    // Otherwise the bound was never put to use.
    assert.ok(verdicts.some(({ differing }) => differing));
  });
}

Deno.test("compareAppend() accepts a rotation in the storage type where it is declared, and not else", () => {
  const rotation = (storage: "bf16" | "f16") => ({
    angle: float32Angle,
    round: toStorage(storage),
  });
  const declared = compareRotations(rotation, { declared: "storage" });
  declared.forEach(({ ok, message }) => assert.ok(ok, message));
  assert.ok(Math.max(...declared.map(({ worstBudgetUsed }) => worstBudgetUsed)) > 1 / 3);
  assert.ok(compareRotations(rotation).every(({ ok }) => !ok));
});

Deno.test("compareAppend() rejects a position that is off by one, however rotations are declared", () => {
  const rotation = (storage: "bf16" | "f16") => ({
    angle: float32Angle,
    round: toStorage(storage),
  });
  const verdicts = compareRotations(rotation, { declared: "storage", ahead: 1 });
  assert.ok(verdicts.every(({ worstBudgetUsed }) => worstBudgetUsed > 4));
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
