import assert from "node:assert/strict";
import { cacheElements, cacheOffset, layerTableRows, pageIdLimit, tableIndex } from "./shape.ts";

const SIZES = { batch: 2, kvHeads: 3, headSize: 64, pageSizeTokens: 16, pages: 5, columns: 4 };

Deno.test("cacheOffset() reaches every vector of the cache exactly once when layouts vary", () => {
  for (const layout of ["uniform", "headwise", "pooled"] as const) {
    const shape = { ...SIZES, layout };
    const heads = layout === "pooled" ? [0] : [0, 1, 2];
    const seen = new Set<number>();
    for (let page = 0; page < pageIdLimit(shape); page++) {
      for (const head of heads) {
        for (let position = 32; position < 48; position++) {
          seen.add(cacheOffset(shape, { page, head, positionTokens: position }));
        }
      }
    }
    assert.equal(seen.size, cacheElements(shape) / 64);
    assert.equal(Math.max(...seen), cacheElements(shape) - 64);
  }
});

Deno.test("pageIdLimit() takes the pooled tensor's own size when it is given", () => {
  assert.equal(pageIdLimit({ ...SIZES, layout: "pooled", poolPages: 99 }), 99);
  assert.equal(pageIdLimit({ ...SIZES, layout: "headwise", poolPages: 99 }), 5);
});

Deno.test("tableIndex() stays inside the table when slots, heads and positions vary", () => {
  for (const layout of ["uniform", "headwise", "pooled"] as const) {
    const shape = { ...SIZES, layout };
    const indices = new Set<number>();
    for (let slot = 0; slot < 2; slot++) {
      for (let head = 0; head < 3; head++) {
        for (let column = 0; column < 4; column++) {
          const positionTokens = column * 16 + 15;
          indices.add(tableIndex(shape, { slot, head, positionTokens }));
        }
      }
    }
    assert.equal(indices.size, layerTableRows(shape) * 4);
    assert.equal(Math.max(...indices), layerTableRows(shape) * 4 - 1);
  }
});
