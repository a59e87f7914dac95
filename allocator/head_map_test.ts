import assert from "node:assert/strict";
import {
  checkHeadMap,
  countWindowHeads,
  type HeadKind,
  type HeadMap,
  HeadMapError,
  headMapFromLayers,
  headMapFromPattern,
  headWindows,
  layersPerGroup,
} from "./head_map.ts";
import type { LayerGroup } from "./ids.ts";

const PATTERN = {
  layers: 2,
  kvHeads: 4,
  pattern: "first",
  ratio: 0.25,
  windowTokens: 64,
  sinkTokens: 0,
} as const;

function kindsOf(map: HeadMap): string {
  return map.groups[0].kinds.map((kind) => kind === "window" ? "w" : "f").join("");
}

Deno.test("headMapFromPattern() counts floor(H·ratio) window heads at either end", () => {
  const table = [
    [4, 0, "ffff", "ffff"],
    [4, 0.24, "ffff", "ffff"],
    [4, 0.25, "wfff", "fffw"],
    [4, 0.75, "wwwf", "fwww"],
    [4, 0.99, "wwwf", "fwww"],
    [4, 1, "wwww", "wwww"],
    [3, 0.5, "wff", "ffw"],
    [1, 0.99, "f", "f"],
    [1, 1, "w", "w"],
  ] as const;
  for (const [kvHeads, ratio, first, last] of table) {
    assert.equal(kindsOf(headMapFromPattern({ ...PATTERN, kvHeads, ratio })), first);
    assert.equal(
      kindsOf(headMapFromPattern({ ...PATTERN, kvHeads, ratio, pattern: "last" })),
      last,
    );
  }
});

Deno.test("headMapFromPattern() refuses by code when a value is out of range", () => {
  const table = [
    [{ ratio: -0.01 }, "head-map/ratio"],
    [{ ratio: 1.01 }, "head-map/ratio"],
    [{ ratio: NaN }, "head-map/ratio"],
    [{ pattern: "middle" as "first" }, "head-map/pattern"],
    [{ windowTokens: -1 }, "head-map/window"],
    [{ windowTokens: 1.5 }, "head-map/window"],
    [{ sinkTokens: -1 }, "head-map/sink"],
    [{ kvHeads: 0 }, "head-map/heads"],
    [{ layers: 0 }, "head-map/layers"],
  ] as const;
  for (const [change, code] of table) {
    assert.throws(
      () => headMapFromPattern({ ...PATTERN, ...change }),
      (error) => error instanceof HeadMapError && error.code === code,
    );
  }
});

Deno.test("headMapFromPattern() makes every head full when W is 0", () => {
  assert.equal(kindsOf(headMapFromPattern({ ...PATTERN, ratio: 1, windowTokens: 0 })), "ffff");
});

Deno.test("headMapFromLayers() splits groups to equal size when their sizes differ", () => {
  // Five local layers, then one global, twice, and two locals: sizes 12 and 2, divisor 2.
  const kindsByLayer = Array.from(
    { length: 14 },
    (_, layer): HeadKind[] => [layer % 6 === 5 ? "full" : "window"],
  );
  const map = headMapFromLayers({ kindsByLayer, windowTokens: 64, sinkTokens: 0 });
  assert.deepEqual(
    map.groups.map((group) => [group.kinds[0], ...group.layers]),
    [
      ["window", 0, 1],
      ["window", 2, 3],
      ["window", 4, 6],
      ["full", 5, 11],
      ["window", 7, 8],
      ["window", 9, 10],
      ["window", 12, 13],
    ],
  );
  checkHeadMap(map);
});

Deno.test("headMapFromLayers() refuses layers when they disagree on the number of heads", () => {
  assert.throws(
    () =>
      headMapFromLayers({
        kindsByLayer: [["full"], ["full", "window"]],
        windowTokens: 64,
        sinkTokens: 0,
      }),
    /layer "1" has 2 heads and layer "0" has 1/,
  );
});

Deno.test("checkHeadMap() names what is wrong when a map is hand-made", () => {
  const good = headMapFromPattern(PATTERN);
  const [group] = good.groups;
  const table: readonly (readonly [Partial<HeadMap>, string])[] = [
    [{ groups: [] }, "head-map/layers"],
    [{ groups: [{ ...group, kinds: ["full"] }] }, "head-map/kinds"],
    [
      { groups: [{ ...group, kinds: ["full", "full", "full", "half" as "full"] }] },
      "head-map/kinds",
    ],
    [{ groups: [group, { ...group, layers: [2] }] }, "head-map/group-size"],
    [{ groups: [group, group] }, "head-map/layers"],
    [{ groups: [{ ...group, layers: [] }] }, "head-map/layers"],
    [{ windowTokens: -1 }, "head-map/window"],
    [{ sinkTokens: 0.5 }, "head-map/sink"],
    [{ kvHeads: 0 }, "head-map/heads"],
  ];
  for (const [change, code] of table) {
    assert.throws(
      () => checkHeadMap({ ...good, ...change }),
      (error) => error instanceof HeadMapError && error.code === code,
      code,
    );
  }
});

const ALTERNATING = headMapFromLayers({
  kindsByLayer: [["window", "full"], ["full", "full"], ["window", "full"], ["full", "full"]],
  windowTokens: 128,
  sinkTokens: 0,
});

Deno.test("layersPerGroup() is the same when groups alternate", () => {
  assert.equal(layersPerGroup(ALTERNATING), 2);
});

Deno.test("headWindows() gives W to window heads and 0 to full heads", () => {
  assert.deepEqual([...headWindows(ALTERNATING, 0 as LayerGroup)], [128, 0]);
  assert.deepEqual([...headWindows(ALTERNATING, 1 as LayerGroup)], [0, 0]);
});

Deno.test("countWindowHeads() sums over groups and is 0 when W is 0", () => {
  assert.equal(countWindowHeads(ALTERNATING), 1);
  const map = headMapFromPattern({
    layers: 2,
    kvHeads: 4,
    pattern: "first",
    ratio: 1,
    windowTokens: 0,
    sinkTokens: 0,
  });
  assert.equal(countWindowHeads(map), 0);
});
