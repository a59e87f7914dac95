import assert from "node:assert/strict";
import { compareWithOracle } from "../compare.ts";
import { selectHeads } from "../dual_merge.ts";
import { attendDirect } from "../oracle_direct.ts";
import { attendPaged } from "../oracle_paged.ts";
import { poisonUnread } from "../poison.ts";
import type { AttentionProblem } from "../problem.ts";
import { encodeValues } from "../storage_type.ts";
import { CODE_VALUES } from "./code_type.ts";
import {
  cacheRows,
  formatName,
  parseFormat,
  QUANTISED_FORMATS,
  type QuantisedFormat,
} from "./quantised_format.ts";
import { createRowReader, sideFormat, sideTensor } from "./quantised_tensor.ts";
import { quantisedProblem } from "./testing_quantised.ts";

const LAYOUTS = ["uniform", "headwise", "pooled"] as const;

function assertClose(got: Float64Array, expected: Float64Array, what: string): void {
  assert.equal(got.length, expected.length);
  for (const [i, value] of got.entries()) {
    if (value === expected[i]) continue;
    const error = Math.abs(value - expected[i]);
    assert.ok(error <= 1e-10 * Math.max(1, Math.abs(expected[i])), `${what}: element ${i}`);
  }
}

Deno.test("attendDirect() and attendPaged() agree when keys and values have any format", () => {
  for (const [index, keyFormat] of QUANTISED_FORMATS.entries()) {
    const valueFormat = QUANTISED_FORMATS[(index * 7 + 3) % QUANTISED_FORMATS.length];
    const p = quantisedProblem({ keyFormat, valueFormat, layout: LAYOUTS[index % 3] });
    const what = `${formatName(keyFormat)} ${formatName(valueFormat)} ${p.shape.layout}`;
    const direct = attendDirect(p);
    const paged = attendPaged(p, { pagesPerSplit: 2 });
    assertClose(direct.output, paged.output, what);
    assertClose(direct.logSumExp, paged.logSumExp, what);
    assert.ok(direct.output.every(Number.isFinite), what);
  }
});

/** A C16 copy by the formulas of the ABI, with indexes worked out here. */
function c16Copy(p: AttentionProblem): AttentionProblem {
  const side = (name: "keys" | "values"): Uint16Array => {
    const format = sideFormat(p.shape, name)!;
    const tensor = sideTensor(p, name)!;
    const { headSize, kvHeads, pageSizeTokens } = p.shape;
    const values = new Float64Array(cacheRows(p.shape) * headSize);
    for (let i = 0; i < values.length; i++) {
      const token = Math.floor(i / headSize);
      const head = Math.floor(token / pageSizeTokens) % kvHeads;
      values[i] = CODE_VALUES[format.codes][tensor.codes[i]] * tensor.scales![head];
    }
    return encodeValues("f16", values);
  };
  const { keyFormat: _, valueFormat: __, ...shape } = p.shape;
  return { ...p, shape, keys: side("keys"), values: side("values") };
}

Deno.test("attendDirect() gives the answer of a C16 copy when that copy is exact", () => {
  const format: QuantisedFormat = { codes: "int8", granularity: "head", scaleType: "f32" };
  const drawn = quantisedProblem({ keyFormat: format, valueFormat: format, storage: "f16" });
  const scales = new Float32Array([2 ** -7, 2 ** -5]);
  const p = {
    ...drawn,
    quantisedKeys: { ...drawn.quantisedKeys!, scales },
    quantisedValues: { ...drawn.quantisedValues!, scales },
  };
  assertClose(attendDirect(p).output, attendDirect(c16Copy(p)).output, "copy");
});

Deno.test("poisonUnread() changes no answer of a quantised cache, and poisons what is not read", () => {
  for (const name of ["fp8_e4m3:head:f32", "int8:token:f16", "int8:inline:bf16", "fp4"]) {
    const format = parseFormat(name)!;
    const p = quantisedProblem({ keyFormat: format, valueFormat: format });
    const poisoned = poisonUnread(p, { reach: "unseen" });
    assert.deepEqual(attendDirect(poisoned), attendDirect(p), name);
    const readRow = createRowReader(poisoned, "keys");
    let poisonedRows = 0;
    for (let row = 0; row < cacheRows(p.shape); row++) {
      if (Number.isNaN(readRow(row * p.shape.headSize, 0)[0])) poisonedRows++;
    }
    assert.ok(poisonedRows > 100 && poisonedRows < cacheRows(p.shape), name);
  }
});

Deno.test("selectHeads() takes the codes and scales of a head along", () => {
  for (const [index, format] of QUANTISED_FORMATS.entries()) {
    const p = quantisedProblem({
      keyFormat: format,
      valueFormat: format,
      layout: LAYOUTS[index % 3],
    });
    const part = attendDirect(selectHeads(p, [1])).output;
    const whole = attendDirect(p).output;
    for (let token = 0; token < 6; token++) {
      const from = token * 6 * 64 + 3 * 64;
      assert.deepEqual(
        part.slice(token * 3 * 64, (token + 1) * 3 * 64),
        whole.slice(from, from + 3 * 64),
        formatName(format),
      );
    }
  }
});

/** Answers of an f32 program that dequantises in registers, as the error model expects one. */
function f32Answer(p: AttentionProblem): Float32Array {
  return Float32Array.from(attendDirect(p).output);
}

Deno.test("compareWithOracle() accepts dequantised answers and rejects a neighbour's scale", () => {
  const format = parseFormat("int8:token:f32")!;
  const p = quantisedProblem({ keyFormat: format, valueFormat: format });
  assert.ok(compareWithOracle({ problem: p, output: f32Answer(p) }).ok);
  const { scales } = p.quantisedValues!;
  const shifted = scales!.slice();
  shifted.set(scales!.subarray(1), 0);
  const wrong = { ...p, quantisedValues: { ...p.quantisedValues!, scales: shifted } };
  assert.equal(compareWithOracle({ problem: p, output: f32Answer(wrong) }).ok, false);
});
