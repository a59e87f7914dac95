import assert from "node:assert/strict";
import { appendReference, compareAppend } from "../append_reference.ts";
import type { AppendProblem, Rotary } from "../problem.ts";
import { randomAppend } from "../random_problem.ts";
import { encodeValue } from "../storage_type.ts";
import { CODE_FORMATS, CODE_VALUES } from "./code_type.ts";
import { parseFormat, QUANTISED_FORMATS, type QuantisedFormat } from "./quantised_format.ts";
import { copyTensor, writeQuantisedRow } from "./quantise_row.ts";
import { judgeRow } from "./judge_row.ts";
import { elementCode, elementScale, type QuantisedTensor } from "./quantised_tensor.ts";
import { quantisedShape } from "./testing_quantised.ts";

const NO_TURN: Rotary = { style: "none", theta: 10_000, rotaryDimensions: 64 };
const NEOX: Rotary = { style: "neox", theta: 10_000, rotaryDimensions: 48 };

function append(format: QuantisedFormat, rotary: Rotary = NO_TURN): AppendProblem {
  return randomAppend({
    seed: 3,
    shape: quantisedShape({ keyFormat: format, valueFormat: format }),
    queryLengths: [1, 5],
    cachedLengths: [31, 0],
    rotary,
  });
}

Deno.test("compareAppend() accepts the reference in every format, rotated or not", () => {
  for (const format of QUANTISED_FORMATS) {
    for (const rotary of [NO_TURN, NEOX]) {
      const problem = append(format, rotary);
      const verdict = compareAppend({ problem, outcome: appendReference(problem) });
      assert.ok(verdict.ok, verdict.message);
    }
  }
});

/** A one-row tensor of D = 32. */
function row(format: QuantisedFormat, o: Partial<QuantisedTensor> = {}) {
  const tensor: QuantisedTensor = {
    codes: new Uint8Array(CODE_FORMATS[format.codes].bits * 4),
    scales: new Float32Array(1),
    ...o,
  };
  return { tensor, format, headSize: 32 };
}

const TOKEN = parseFormat("int8:token:f32")!;
const HEAD = parseFormat("int8:head:f32")!;
const AT = { row: 0, head: 0 };

Deno.test("writeQuantisedRow() scales a token by its largest magnitude over the largest code", () => {
  const x = Float32Array.from({ length: 32 }, (_, i) => i === 7 ? -254 : i);
  const target = row(TOKEN);
  writeQuantisedRow(target, AT, x);
  assert.equal(target.tensor.scales![0], 2);
  const codes = Array.from(
    { length: 32 },
    (_, element) => CODE_VALUES.int8[elementCode(target, { row: 0, element })],
  );
  assert.equal(codes[7], -127);
  // 1/2, 3/2 and 5/2 are ties: they go to 0, 2 and 2.
  assert.deepEqual(codes.slice(0, 6), [0, 0, 1, 2, 2, 2]);
});

Deno.test("writeQuantisedRow() gives a token of zeros scale 0 and codes 0", () => {
  for (const name of ["int8:token:f32", "fp8_e4m3:token:f32"]) {
    const target = row(parseFormat(name)!);
    target.tensor.codes.fill(0x55);
    writeQuantisedRow(target, AT, new Float32Array(32));
    assert.equal(target.tensor.scales![0], 0);
    assert.ok(target.tensor.codes.every((code) => code === 0));
  }
});

Deno.test("writeQuantisedRow() saturates under a static scale, and never wraps", () => {
  for (const [name, largest] of [["int8", 127], ["fp8_e4m3", 448], ["fp8_e5m2", 57344]] as const) {
    const format = parseFormat(`${name}:head:f32`)!;
    const target = row(format, { scales: new Float32Array([0.5]) });
    const x = Float32Array.from(
      { length: 32 },
      (_, i) => (i % 2 === 0 ? 1 : -1) * largest * (1 + i),
    );
    writeQuantisedRow(target, AT, x);
    for (let element = 0; element < 32; element++) {
      const value = CODE_VALUES[format.codes][elementCode(target, { row: 0, element })];
      assert.equal(value, element % 2 === 0 ? largest : -largest);
    }
  }
});

Deno.test("writeQuantisedRow() takes the scale that was stored, rounded to its type", () => {
  const format = parseFormat("int8:token:bf16")!;
  const target = row(format, { scales: new Uint16Array(1) });
  const x = new Float32Array(32).fill(1);
  writeQuantisedRow(target, AT, x);
  assert.equal(target.tensor.scales![0], encodeValue("bf16", Math.fround(1 / 127)));
  const scale = elementScale(target, { ...AT, element: 0 });
  assert.equal(target.tensor.codes[0], Math.min(127, Math.round(1 / scale)));
});

Deno.test("judgeRow() accepts either neighbour at a midpoint and nothing else", () => {
  const scale = new Float32Array([0.25]);
  const x = new Float32Array(32).fill(2.5 * 0.25);
  for (const [code, ok] of [[1, false], [2, true], [3, true], [4, false]] as const) {
    const target = row(HEAD, { scales: scale });
    target.tensor.codes.fill(code);
    assert.equal(judgeRow(target, AT, { values: x }) === null, ok, `code ${code}`);
  }
  // Clear of the midpoint by more than two ulp only the nearer one is right.
  const clear = new Float32Array(32).fill(Math.fround(2.5 * 0.25 * (1 + 6 * 2 ** -23)));
  for (const [code, ok] of [[2, false], [3, true]] as const) {
    const target = row(HEAD, { scales: scale });
    target.tensor.codes.fill(code);
    assert.equal(judgeRow(target, AT, { values: clear }) === null, ok, `code ${code}`);
  }
});

Deno.test("compareAppend() rejects a wrong scale, code or byte of each kind", () => {
  const format = parseFormat("fp8_e4m3:token:f32")!;
  const problem = append(format);
  const right = appendReference(problem);
  const spoil = (change: (tensor: QuantisedTensor) => void): string => {
    const quantisedValues = copyTensor(right.quantisedValues!);
    change(quantisedValues);
    const verdict = compareAppend({ problem, outcome: { ...right, quantisedValues } });
    assert.equal(verdict.ok, false);
    return verdict.message;
  };
  const written = right.quantisedValues!.scales!.findIndex(
    (scale, i) => scale !== problem.quantisedValues!.scales![i],
  );
  const other = right.quantisedValues!.scales!.findIndex(
    (scale, i) => scale === problem.quantisedValues!.scales![i],
  );
  assert.match(spoil((t) => t.scales![written] *= 1.001), /the scale is/);
  assert.match(spoil((t) => t.codes[written * 64 + 3] ^= 0x10), /element 3 is code/);
  assert.match(spoil((t) => t.codes[other * 64 + 3] ^= 1), /no token was written there/);
  assert.match(spoil((t) => t.scales![other] *= 2), /Scale \d+ of the values changed/);
});

Deno.test("compareAppend() rejects a wrong scale of either side where the other is not quantised", () => {
  const format = parseFormat("int8:token:f32")!;
  for (
    const [side, formats] of [
      ["quantisedKeys", { keyFormat: format }],
      ["quantisedValues", { valueFormat: format }],
    ] as const
  ) {
    const problem = randomAppend({
      seed: 3,
      shape: quantisedShape(formats),
      queryLengths: [1, 5],
      cachedLengths: [31, 0],
      rotary: NO_TURN,
    });
    const right = appendReference(problem);
    assert.ok(compareAppend({ problem, outcome: right }).ok, side);
    const wrong = copyTensor(right[side]!);
    const written = wrong.scales!.findIndex((scale, i) => scale !== problem[side]!.scales![i]);
    wrong.scales![written] *= 1.001;
    const verdict = compareAppend({ problem, outcome: { ...right, [side]: wrong } });
    assert.match(verdict.message, /the scale is/, side);
  }
});
