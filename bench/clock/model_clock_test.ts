import assert from "node:assert/strict";
import fc from "fast-check";
import {
  createBlockTable,
  type HeadMap,
  headMapFromLayers,
  headWindows,
  type LayerGroup,
  parseFormat,
} from "../../allocator/mod.ts";
import { cacheFormats } from "../../fixtures/mod.ts";
import { countWork } from "../../kernel/mod.ts";
import { createModelClock } from "./model_clock.ts";
import { restMs, restOfLayer } from "./rest_of_layer.ts";
import type { StepTimes } from "./step_clock.ts";
import { type Side, SIDES } from "../result/sides.ts";
import { tinyScheduler, tinyWorkload } from "../run/test_support.ts";

const WORKLOAD = tinyWorkload({ scheduler: tinyScheduler({ maxSequences: 3 }) });
const REST = restOfLayer(WORKLOAD, { ...WORKLOAD.ceilings!, source: "fixture" });

function headsOf(kindsByLayer: readonly string[], windowTokens: number): HeadMap {
  return headMapFromLayers({
    kindsByLayer: kindsByLayer.map((kinds) =>
      [...kinds].map((kind) => (kind === "w" ? "window" : "full"))
    ),
    windowTokens,
    sinkTokens: 5,
  });
}

interface Rows {
  readonly queryLengths: Int32Array;
  readonly cachedLengths: Int32Array;
}

/** Attention of a step, every group counted with all its heads. */
function direct(heads: HeadMap, side: Side, rows: Rows): number {
  let seconds = 0;
  heads.groups.forEach((group, index) => {
    const work = countWork({
      queryHeads: 4,
      kvHeads: 2,
      headSize: 64,
      pageSizeTokens: 16,
      layout: side.layout,
      headWindows: headWindows(heads, index as LayerGroup),
      sinkTokens: heads.sinkTokens,
      slots: 3,
      walk: side.walk,
      ...rows,
    });
    const bytes = work.keyValueBytes + work.queryOutputBytes + work.tableBytes;
    seconds += group.layers.length * Math.max(bytes / 1e9, work.flops / 1e12);
  });
  return seconds * 1000;
}

function enqueueRows(
  o: { heads: HeadMap; side: Side; rows: Rows; workload?: typeof WORKLOAD },
) {
  const clock = createModelClock({
    workload: o.workload ?? WORKLOAD,
    heads: o.heads,
    side: o.side,
    rest: REST,
  });
  const tokens = o.rows.queryLengths.reduce((sum, count) => sum + count, 0);
  const table = createBlockTable({
    layout: o.side.layout,
    layerGroups: o.heads.groups.length,
    slots: 3,
    kvHeads: 2,
    columns: 16,
  });
  const batch = { step: 0, table, tokens, sampledRows: 2, ...o.rows };
  clock.enqueue(batch);
  return { clock, batch };
}

Deno.test("createModelClock() costs what the work count of every group says", () => {
  const length = fc.integer({ min: 0, max: 90 });
  const three = fc.tuple(length, length, length);
  const maps = fc.constantFrom(
    headsOf(["wf", "wf"], 32),
    headsOf(["wf", "ff", "ww", "fw"], 40),
    headsOf(["ww"], 17),
    headsOf(["ff"], 0),
  );
  const side = fc.constantFrom(
    SIDES.uniform,
    SIDES["uniform-clipped"],
    SIDES.headwise,
    SIDES.pooled,
  );
  fc.assert(fc.property(maps, side, three, three, (heads, side, queries, cached) => {
    const rows = {
      queryLengths: Int32Array.from(queries),
      cachedLengths: Int32Array.from(cached),
    };
    const { clock } = enqueueRows({ heads, side, rows });
    const times = clock.flush() as StepTimes;
    const expected = direct(heads, side, rows);
    assert.ok(Math.abs(times.attentionMs[0] - expected) <= 1e-12 * Math.max(1, expected));
  }));
});

Deno.test("createModelClock() adds the modelled rest and starts again after a flush", async () => {
  const rows = { queryLengths: Int32Array.of(1, 0, 7), cachedLengths: Int32Array.of(20, 0, 0) };
  const heads = headsOf(["wf"], 32);
  const { clock, batch } = enqueueRows({ heads, side: SIDES.headwise, rows });
  assert.deepEqual([...(await clock.flush()).restMs], [restMs(REST, batch)]);
  assert.equal((await clock.flush()).restMs.length, 0);
});

Deno.test("createModelClock() costs a uniform row more than a clipped one", async () => {
  const rows = { queryLengths: Int32Array.of(1, 0, 0), cachedLengths: Int32Array.of(200, 0, 0) };
  const heads = headsOf(["wf"], 32);
  const cost = async (side: Side): Promise<number> =>
    (await enqueueRows({ heads, side, rows }).clock.flush()).attentionMs[0];
  assert.ok(await cost(SIDES.uniform) > 1.5 * await cost(SIDES["uniform-clipped"]));
  assert.ok(await cost(SIDES.headwise) < 1.01 * await cost(SIDES["uniform-clipped"]));
});

Deno.test("createModelClock() takes two walks of the row for the form of two passes", async () => {
  const heads = headsOf(["wf", "ff"], 20);
  const rows = { queryLengths: Int32Array.of(1, 0, 7), cachedLengths: Int32Array.of(80, 0, 3) };
  const attentionOf = async (side: Side): Promise<number> =>
    (await enqueueRows({ heads, side, rows }).clock.flush()).attentionMs[0];
  const [one, two] = [await attentionOf(SIDES.uniform), await attentionOf(SIDES["two-pass"])];
  assert.ok(one > 0);
  assert.equal(two, 2 * one);
});

Deno.test("createModelClock() reads codes and the scales of tokens in place of 16 bits", async () => {
  const heads = headsOf(["ff"], 0);
  const side = SIDES["headwise"];
  const rows = {
    queryLengths: Int32Array.of(1, 1, 0),
    cachedLengths: Int32Array.of(4000, 2000, 0),
  };
  const [codes, plain] = ["int8:token:f32", null].map((name) => {
    const format = name === null ? undefined : parseFormat(name)!;
    const cache = {
      ...WORKLOAD.cache,
      ...cacheFormats({ keyFormat: format, valueFormat: format }),
    };
    return enqueueRows({ heads, side, rows, workload: { ...WORKLOAD, cache } }).clock;
  });
  const milliseconds = async (clock: typeof codes): Promise<number> =>
    (await clock!.flush()).attentionMs[0]!;
  const keys = 2 * 6002;
  const saved = keys * 2 * (128 - 68) / 1e9 * 1000;
  const difference = await milliseconds(plain) - await milliseconds(codes);
  assert.ok(Math.abs(difference - saved) < 1e-9 + saved * 1e-9, `${difference} for ${saved}`);
});
