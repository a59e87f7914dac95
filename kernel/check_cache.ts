/** Refusals of the cache, the table and the batch, which attention and append share. */

import { C16, checkLength, checkType, INT32 } from "./check_tensor.ts";
import { PageIdError, ShapeError, ValueError } from "./problem_error.ts";
import { checkQuantisedSizes, checkQuantisedTypes } from "./quantised/check_quantised.ts";
import type { CacheAndBatch } from "./problem.ts";
import { cacheElements, layerTableRows, pageIdLimit } from "./shape.ts";

/** Refuses tensors of the wrong element type. */
export function checkCacheTypes(p: CacheAndBatch): void {
  checkType("table", p.table, INT32);
  checkType("queryStarts", p.queryStarts, INT32);
  checkType("cachedLengths", p.cachedLengths, INT32);
  checkType("keys", p.keys, C16);
  checkType("values", p.values, C16);
  checkQuantisedTypes(p);
}

/** Refuses tensors whose sizes do not follow from the shape. */
export function checkCacheSizes(p: CacheAndBatch): void {
  const { shape } = p;
  const cache = {
    length: cacheElements(shape),
    formula: shape.layout === "pooled" ? "poolPages·P·D" : "N·H·P·D",
    clause: "kernel/no-overread",
  };
  if (shape.keyFormat === undefined) checkLength("keys", p.keys.length, cache);
  if (shape.valueFormat === undefined) checkLength("values", p.values.length, cache);
  checkQuantisedSizes(p);
  checkLength("table", p.table.length, {
    length: layerTableRows(shape) * shape.columns,
    formula: shape.layout === "uniform" ? "B·M" : "B·H·M",
    clause: "shape/rows",
  });
  checkLength("queryStarts", p.queryStarts.length, {
    length: shape.batch + 1,
    formula: "B + 1",
    clause: "mixed/batch",
  });
  checkLength("cachedLengths", p.cachedLengths.length, {
    length: shape.batch,
    formula: "B",
    clause: "mixed/batch",
  });
}

/** Refuses negative lengths and rows that the table cannot hold. */
export function checkLengths(p: CacheAndBatch): void {
  const { batch, columns, pageSizeTokens } = p.shape;
  if (p.queryStarts[0] !== 0) {
    throw new ValueError(
      `Cannot place query tokens: queryStarts[0] is ${p.queryStarts[0]}; start the prefix sum at 0`,
      "mixed/batch",
      { name: "queryStarts", slot: 0, value: p.queryStarts[0] },
    );
  }
  for (let slot = 0; slot < batch; slot++) {
    const queryLength = p.queryStarts[slot + 1] - p.queryStarts[slot];
    const cachedLength = p.cachedLengths[slot];
    if (queryLength < 0 || cachedLength < 0) {
      throw new ValueError(
        `Cannot run slot ${slot}: ${queryLength} query tokens after ${cachedLength} cached ones; ` +
          "lengths are never negative",
        "mixed/batch",
        { name: queryLength < 0 ? "queryStarts" : "cachedLengths", slot },
      );
    }
    if (cachedLength + queryLength > columns * pageSizeTokens) {
      throw new ShapeError(
        `Cannot hold ${cachedLength + queryLength} tokens of slot ${slot}: a row of ${columns} ` +
          `columns covers ${columns * pageSizeTokens}; widen the table`,
        "shape/columns-cover",
        { name: "columns", slot, lengthTokens: cachedLength + queryLength, columns },
      );
    }
  }
}

/** Refuses table entries that are neither a hole nor a page of the pool. */
export function checkPageIds(p: CacheAndBatch): void {
  const { shape, table } = p;
  const limit = pageIdLimit(shape);
  for (let index = 0; index < table.length; index++) {
    const value = table[index];
    if (value >= -1 && value < limit) continue;
    const row = Math.floor(index / shape.columns);
    const heads = shape.layout === "uniform" ? 1 : shape.kvHeads;
    throw new PageIdError({
      slot: Math.floor(row / heads),
      head: row % heads,
      column: index % shape.columns,
      value,
      limit,
    });
  }
}
