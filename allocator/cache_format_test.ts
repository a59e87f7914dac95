import assert from "node:assert/strict";
import {
  codeBytes,
  FORMAT_NAMES,
  formatName,
  parseFormat,
  QUANTISED_FORMATS,
  rowBytes,
  sharedScaleBytes,
  tokenBytes,
} from "./cache_format.ts";

Deno.test("parseFormat() reads every name that formatName() writes, and short ones", () => {
  assert.equal(QUANTISED_FORMATS.length, 3 * 5 * 3 + 3 + 1);
  for (const format of QUANTISED_FORMATS) {
    assert.deepEqual(parseFormat(formatName(format)), format);
  }
  for (const name of FORMAT_NAMES) assert.notEqual(parseFormat(name), null, name);
  assert.equal(parseFormat("int8:block:f32"), null);
  assert.equal(parseFormat("int4:token:f32"), null);
  assert.equal(formatName(undefined), "c16");
});

Deno.test("tokenBytes() counts codes, padding and the scales that a token has for itself", () => {
  const bytes = (name: string): number => tokenBytes(parseFormat(name)!, 128);
  assert.equal(tokenBytes(undefined, 128), 256);
  assert.equal(bytes("int8:head:f32"), 128);
  assert.equal(bytes("int8:channel:f32"), 128);
  assert.equal(bytes("int8:token:f32"), 132);
  assert.equal(bytes("fp8_e4m3:token:bf16"), 130);
  assert.equal(bytes("int8:inline:f16"), 144);
  assert.equal(bytes("int4:channel:bf16"), 64);
  assert.equal(bytes("fp4"), 64 + 8);
});

Deno.test("rowBytes() pads rows whose scale lies behind the codes", () => {
  assert.equal(rowBytes(parseFormat("int8:inline:f32")!, 64), 80);
  assert.equal(codeBytes(parseFormat("int8:inline:f32")!, 64), 64);
  assert.equal(rowBytes(parseFormat("fp4")!, 64), 32);
});

Deno.test("sharedScaleBytes() counts scales and zero points that all tokens share", () => {
  const bytes = (name: string): number =>
    sharedScaleBytes(parseFormat(name)!, { kvHeads: 4, headSize: 128 });
  assert.equal(sharedScaleBytes(undefined, { kvHeads: 4, headSize: 128 }), 0);
  assert.equal(bytes("int8:tensor:f32"), 4);
  assert.equal(bytes("fp8_e4m3:head:bf16"), 4 * 2);
  assert.equal(bytes("int8:channel:f32"), 4 * 128 * 4);
  assert.equal(bytes("int4:channel:bf16"), 2 * 4 * 128 * 2);
  assert.equal(bytes("fp4"), 4);
  assert.equal(bytes("int8:token:f32"), 0);
  assert.equal(bytes("int8:inline:f16"), 0);
});
