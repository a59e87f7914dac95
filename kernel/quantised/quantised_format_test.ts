import assert from "node:assert/strict";
import {
  codeBytes,
  FORMAT_NAMES,
  formatName,
  parseFormat,
  QUANTISED_FORMATS,
  rowBytes,
  scaleSize,
  tokenBytes,
} from "./quantised_format.ts";

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

Deno.test("scaleSize() follows from the layout when scales lie by token or by block", () => {
  const shape = { pages: 3, kvHeads: 2, pageSizeTokens: 16, headSize: 64 } as const;
  const elements = (name: string, layout: "headwise" | "pooled", poolPages?: number): number =>
    scaleSize(parseFormat(name)!, { ...shape, layout, ...(poolPages ? { poolPages } : {}) })
      .elements;
  assert.equal(elements("int8:token:f32", "headwise"), 3 * 2 * 16);
  assert.equal(elements("int8:token:f32", "pooled", 5), 5 * 16);
  assert.equal(elements("fp4", "headwise"), 3 * 2 * 16 * 4);
  assert.equal(elements("int8:channel:f32", "pooled", 5), 2 * 64);
  assert.equal(elements("int8:inline:f32", "pooled"), 0);
});

Deno.test("rowBytes() pads rows whose scale lies behind the codes", () => {
  assert.equal(rowBytes(parseFormat("int8:inline:f32")!, 64), 80);
  assert.equal(codeBytes(parseFormat("int8:inline:f32")!, 64), 64);
  assert.equal(rowBytes(parseFormat("fp4")!, 64), 32);
});
