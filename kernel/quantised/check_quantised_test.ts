import assert from "node:assert/strict";
import { checkProblem } from "../check_problem.ts";
import { checkShape } from "../check_shape.ts";
import { type ProblemError, ShapeError } from "../problem_error.ts";
import type { AttentionProblem } from "../problem.ts";
import { parseFormat, QUANTISED_FORMATS, scaleShape } from "./quantised_format.ts";
import type { ScaleView } from "./quantised_types.ts";
import type { QuantisedTensor } from "./quantised_tensor.ts";
import { quantisedProblem, quantisedShape } from "./testing_quantised.ts";

function problemOf(name: string): AttentionProblem {
  const format = parseFormat(name)!;
  return quantisedProblem({ keyFormat: format, valueFormat: format });
}

function withKeys(p: AttentionProblem, change: Partial<Record<keyof QuantisedTensor, unknown>>) {
  return { ...p, quantisedKeys: { ...p.quantisedKeys, ...change } as QuantisedTensor };
}

function refusal(p: AttentionProblem): ProblemError {
  try {
    checkProblem(p);
  } catch (error) {
    return error as ProblemError;
  }
  return assert.fail("the problem was accepted");
}

Deno.test("checkProblem() accepts random problems of every format", () => {
  for (const format of QUANTISED_FORMATS) {
    checkProblem(quantisedProblem({ keyFormat: format, valueFormat: format }));
    checkProblem(quantisedProblem({ keyFormat: format }));
    checkProblem(quantisedProblem({ valueFormat: format }));
  }
});

Deno.test("checkProblem() names the tensor when a type or a size of a quantised side is wrong", () => {
  const cases: [string, Partial<Record<keyof QuantisedTensor, unknown>>, string, string][] = [
    ["int8:token:f32", { codes: new Uint16Array(8) }, "dtype", "codes"],
    ["int8:token:f32", { codes: new Uint8Array(8) }, "shape", "codes"],
    ["int8:token:f32", { scales: new Uint16Array(640) }, "dtype", "scales"],
    ["int8:token:f16", { scales: new Float32Array(640) }, "dtype", "scales"],
    ["int8:token:f32", { scales: new Float32Array(2) }, "shape", "scales"],
    ["int8:head:f32", { scales: new Float32Array(128) }, "shape", "scales"],
    ["int8:channel:f32", { scales: new Float32Array(64) }, "shape", "scales"],
    ["int8:inline:f32", { scales: new Float32Array(640) }, "dtype", "scales"],
    ["int8:head:f32", { zeros: new Float32Array(128) }, "dtype", "zeros"],
    ["int4", { zeros: undefined }, "dtype", "zeros"],
    ["int4", { zeros: new Uint16Array(2) }, "shape", "zeros"],
    ["fp4", { tensorScale: undefined }, "dtype", "tensorScale"],
    ["fp4", { tensorScale: new Float32Array(2) }, "shape", "tensorScale"],
    ["fp4", { scales: new Uint8Array(640) }, "shape", "scales"],
  ];
  for (const [name, change, code, part] of cases) {
    const error = refusal(withKeys(problemOf(name), change));
    assert.equal(error.code, code, `${name} ${part}: ${error.message}`);
    assert.equal(error.data.name, `quantisedKeys.${part}`, error.message);
    assert.match(error.clause, /^dtype\/c[48]$/);
  }
});

Deno.test("checkProblem() names the side whose tensors are missing or stray", () => {
  const p = problemOf("int8");
  const { quantisedValues: _, ...missing } = p;
  assert.equal(refusal(missing).data.name, "quantisedValues.codes");
  const { valueFormat: __, ...shape } = p.shape;
  assert.equal(refusal({ ...p, shape }).data.name, "quantisedValues.codes");
  assert.equal(refusal({ ...p, keys: new Uint16Array(64) }).data.name, "keys");
});

Deno.test("checkProblem() refuses zero points that are no integers, naming head and channel", () => {
  const p = problemOf("int4:channel:f32");
  const zeros = p.quantisedKeys!.zeros!.slice();
  zeros[70] = 7.5;
  const error = refusal(withKeys(p, { zeros }));
  assert.equal(error.code, "value");
  assert.match(error.message, /head 1, channel 6 of the keys/);
});

Deno.test("checkShape() refuses formats that do not exist", () => {
  const keyFormat = { codes: "int8", granularity: "block", scaleType: "f32" } as never;
  assert.throws(() => checkShape(quantisedShape({ keyFormat })), /"int8:block:f32"/);
  assert.throws(
    () => checkShape(quantisedShape({ keyFormat: parseFormat("fp4")!, headSize: 72 })),
    ShapeError,
  );
});

Deno.test("checkProblem() names scales whose type, shape or strides are not the format's", () => {
  const p = problemOf("int8:token:f32");
  const { pages, kvHeads, pageSizeTokens } = p.shape;
  const cases: [string, ScaleView, string][] = [
    ["int8:token:f16", { type: "bf16" }, "dtype"],
    ["int8:token:f32", { shape: [pages, pageSizeTokens, kvHeads] }, "shape"],
    ["int8:token:f32", { shape: [pages * kvHeads * pageSizeTokens] }, "shape"],
    ["int8:head:f32", { shape: [1, kvHeads] }, "shape"],
    ["int8:channel:f32", { strides: [1, kvHeads] }, "shape"],
    ["int8:token:f32", { strides: [1] }, "shape"],
    ["fp4", { type: "f32" }, "dtype"],
  ];
  for (const [name, scaleView, code] of cases) {
    const error = refusal(withKeys(problemOf(name), { scaleView }));
    assert.equal(error.code, code, `${name}: ${error.message}`);
    assert.equal(error.data.name, "quantisedKeys.scales", error.message);
    const good: ScaleView = {
      type: parseFormat(name)!.scaleType,
      shape: scaleShape(parseFormat(name)!, p.shape).sizes,
    };
    checkProblem(withKeys(problemOf(name), { scaleView: good }));
  }
  const dense = [kvHeads * pageSizeTokens, pageSizeTokens, 1];
  checkProblem(withKeys(problemOf("int8:token:f32"), { scaleView: { strides: dense } }));
});
