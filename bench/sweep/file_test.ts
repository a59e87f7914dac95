import { SIDES } from "../result/mod.ts";
import { rowSchema } from "./types.ts";
import assert from "node:assert/strict";
import { createSweepHeader, parseSweep, serializeSweep } from "./file.ts";
import type { SweepRow } from "./types.ts";

const HEADER = createSweepHeader({
  fixture: "smoke",
  fixtureSha256: "a",
  modelSha256: "b",
  axes: { windowTokens: [16], ratio: [], contextTokens: [], batch: [1, 2], pageSizeTokens: [] },
  gates: ["gate/read"],
  clock: "model",
  pairs: null,
  seed: 3,
});

function row(index: number, error: string | null = null): SweepRow {
  const point = {
    windowTokens: 16,
    ratio: null,
    contextTokens: null,
    batch: index + 1,
    pageSizeTokens: null,
  };
  return { kind: "point", index, point, clock: "model", verdicts: {}, sides: [], error };
}

const file = "s.jsonl";

Deno.test("parseSweep() reads back what was written, in the order of the grid", () => {
  const text = serializeSweep(HEADER, [row(1), row(0)]);
  const sweep = parseSweep(text, { file });
  assert.deepEqual(sweep.header, HEADER);
  assert.deepEqual(sweep.rows.map(({ index }) => index), [0, 1]);
  assert.equal(serializeSweep(sweep.header, sweep.rows), serializeSweep(HEADER, [row(0), row(1)]));
});

Deno.test("parseSweep() leaves out a torn last line only", () => {
  const text = serializeSweep(HEADER, [row(0), row(1)]);
  const torn = text.slice(0, -4);
  const sweep = parseSweep(torn, { file });
  assert.deepEqual(sweep.rows.map(({ index }) => index), [0]);
  assert.equal(serializeSweep(sweep.header, sweep.rows), serializeSweep(HEADER, [row(0)]));
  const broken = text.replace('"index":0', '"index":"0"');
  assert.throws(() => parseSweep(broken, { file }), /'s\.jsonl:2': "index": expected number/);
  assert.throws(() => parseSweep(text.replace("}\n", "\n"), { file }), /'s\.jsonl:1'/);
});

Deno.test("parseSweep() refuses a header whose settings were changed by hand", () => {
  const text = serializeSweep(HEADER, []).replace('"seed":3', '"seed":4');
  assert.throws(() => parseSweep(text, { file }), /hash is not that of its own settings/);
  assert.throws(() => parseSweep("", { file }), /no whole first line/);
});

Deno.test("createSweepHeader() gives one hash for the same settings in any order of keys", () => {
  const { kind: _, version: __, hash, ...identity } = HEADER;
  const turned = Object.fromEntries(Object.entries(identity).toReversed()) as typeof identity;
  assert.equal(createSweepHeader(turned).hash, hash);
  assert.notEqual(createSweepHeader({ ...identity, pairs: 2 }).hash, hash);
});

Deno.test("a sweep's row may hold every side that there is", () => {
  const figures = {
    meanTtftMs: 1,
    meanTbtMs: 1,
    outputTokensPerSecond: 1,
    meanConcurrency: 1,
    preemptions: 0,
    failedRequests: 0,
  };
  const sides = Object.keys(SIDES).map((name) => ({ name, ...figures }));
  const names = rowSchema.shape.sides.parse(sides).map(({ name }) => name);
  assert.deepEqual(names, Object.keys(SIDES));
});
