import assert from "node:assert/strict";
import { identityTable } from "../../allocator/mod.ts";
import { createTileList, listTiles, type PlanBatch, TILE, TILE_WORDS } from "./plan_tiles.ts";

const OPTIONS = {
  group: 4,
  pageSizeTokens: 16,
  pageRows: 16,
  headRows: 16,
  walk: "visible",
  parallelItems: 1,
} as const;

function batchOf(slots: number): PlanBatch {
  const shape = { layout: "headwise", layerGroups: 1, slots, kvHeads: 2, columns: 8 } as const;
  return {
    table: identityTable(shape, 8),
    group: 0,
    queryLengths: new Int32Array(slots).fill(1),
    cachedLengths: Int32Array.from({ length: slots }, (_, slot) => slot % 100),
    headWindows: Int32Array.of(0, 0),
    sinkTokens: 0,
  };
}

Deno.test("listTiles() keeps every tile when its list grows, and when it is filled again", () => {
  const list = createTileList();
  for (const slots of [200, 3, 500]) {
    listTiles(list, batchOf(slots), OPTIONS);
    assert.equal(list.count, 2 * slots);
    for (let tile = 0; tile < list.count; tile++) {
      const word = (at: number): number => list.words[tile * TILE_WORDS + at]!;
      const slot = tile >> 1;
      assert.deepEqual(
        [word(TILE.slot), word(TILE.head), word(TILE.queryToken), word(TILE.pages)],
        [slot, tile % 2, slot, Math.ceil((slot % 100 + 1) / 16)],
        `tile ${tile} of ${slots} slots`,
      );
    }
  }
});
