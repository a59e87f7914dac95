import assert from "node:assert/strict";
import { parseFormat, scaleShape, scaleSize } from "./quantised_format.ts";

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

Deno.test("scaleShape() has the rows of the layout, and is as long as scaleSize() says", () => {
  const shape = { pages: 3, kvHeads: 2, pageSizeTokens: 16, headSize: 64 } as const;
  const sizes = (name: string, layout: "headwise" | "pooled"): readonly number[] =>
    scaleShape(parseFormat(name)!, { ...shape, layout }).sizes;
  assert.deepEqual(sizes("int8:tensor:f32", "headwise"), [1]);
  assert.deepEqual(sizes("int8:head:f32", "pooled"), [2]);
  assert.deepEqual(sizes("int8:token:f32", "headwise"), [3, 2, 16]);
  assert.deepEqual(sizes("int8:token:f32", "pooled"), [6, 16]);
  assert.deepEqual(sizes("fp4", "headwise"), [3, 2, 16, 4]);
  assert.deepEqual(sizes("int8:inline:f32", "headwise"), [0]);
});
