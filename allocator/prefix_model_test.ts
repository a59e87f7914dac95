/** Random commands on a prefix cache against the naive one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { rowsOf, slot } from "./builders_test.ts";
import type { Layout, PrefixCache } from "./mod.ts";
import {
  admitWithPrefix,
  beginStep,
  completeStep,
  createPrefixCache,
  evictPrefix,
  extendWithPrefixOnEveryRank,
  findPrefix,
  freePages,
  headMapFromLayers,
  insertPrefix,
  pageStatistics,
  recycle,
  releaseWithPrefix,
  slotLengthTokens,
  swapSlots,
  validatePrefixCache,
} from "./mod.ts";
import {
  BLOCK,
  modelAdmit,
  modelEvict,
  modelFind,
  modelGrow,
  modelInsert,
  modelRecycle,
  modelRelease,
  P,
  type PrefixModel,
} from "./prefix_naive_test.ts";

const SLOTS = 3;
const COLUMNS = 10;
const PAGES_PER_HEAD = 14;
const KINDS = [["window", "full"], ["full", "full"]] as const;

interface World {
  layout: Layout;
  recycle: boolean;
  allWindow: boolean;
  windowTokens: number;
  sinkTokens: number;
}

function buildWorld(o: World): { cache: PrefixCache; model: PrefixModel } {
  const kinds = o.allWindow ? [["window", "window"]] as const : KINDS;
  const cache = createPrefixCache({
    layout: o.layout,
    heads: headMapFromLayers({ kindsByLayer: kinds, ...o }),
    slots: SLOTS,
    pagesPerHead: PAGES_PER_HEAD,
    pageSizeTokens: P,
    modelLengthTokens: COLUMNS * P,
    recycle: o.recycle,
    pageOrder: { kind: "identity" },
    draftTables: true,
    blockTokens: BLOCK,
  });
  const rows = kinds.flat().map((kind) => kind === "window");
  const uniform = o.layout === "uniform";
  const window = uniform ? [rows.every((each) => each)] : rows;
  const pages = o.layout === "pooled" ? PAGES_PER_HEAD * rows.length : PAGES_PER_HEAD;
  const pools = o.layout === "headwise" ? rows.length : 1;
  const model: PrefixModel = {
    windowTokens: o.windowTokens,
    sinkTokens: o.sinkTokens,
    loses: window.map((each) => each && o.recycle),
    poolOf: (row) => o.layout === "headwise" ? row : 0,
    free: Array.from({ length: pools }, () => new Set(Array.from({ length: pages }, (_, i) => i))),
    nodes: new Map(),
    requests: Array(SLOTS).fill(null),
    waiting: [],
    open: [],
    clock: 0,
    pages,
  };
  return { cache, model };
}

type Command =
  | { kind: "admit"; slot: number; prompt: readonly number[]; extra: number; chunk: number }
  | { kind: "advance"; slot: number; tokens: number }
  | { kind: "release"; slot: number }
  | { kind: "swap"; slot: number; other: number }
  | { kind: "evict" }
  | { kind: "begin" }
  | { kind: "complete"; pick: number };

const anySlot = fc.integer({ min: 0, max: SLOTS - 1 });
const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("admit" as const),
      slot: anySlot,
      // Few ids, so that prompts share prefixes and part again.
      prompt: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 4 }),
      extra: fc.integer({ min: 0, max: BLOCK - 1 }),
      chunk: fc.integer({ min: 1, max: 5 * BLOCK }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("advance" as const),
      slot: anySlot,
      tokens: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(P, 2 * P, 5 * P)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("release" as const), slot: anySlot }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("swap" as const), slot: anySlot, other: anySlot }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "evict" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "begin" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("complete" as const), pick: fc.nat() }) },
);

interface Seen {
  hits: number;
  evictions: number;
  parted: number;
}

function step(cache: PrefixCache, m: PrefixModel, c: Command, seen: Seen): void {
  const a = cache.allocator;
  switch (c.kind) {
    case "admit": {
      if (m.requests[c.slot] !== null) return;
      const inputTokens = Math.max(1, c.prompt.length * BLOCK + c.extra);
      const limit = inputTokens - 1;
      const match = findPrefix(cache, c.prompt, limit);
      const found = modelFind(m, c.prompt, limit);
      assert.equal(match.hitTokens, found.usable * BLOCK);
      assert.equal(match.matchedBlocks, found.matched);
      const lengthTokens = match.hitTokens + Math.min(c.chunk, inputTokens - match.hitTokens);
      const outcome = admitWithPrefix(cache, slot(c.slot), { lengthTokens, match });
      const expected = modelAdmit(m, c.slot, {
        prompt: c.prompt,
        length: lengthTokens,
        limit,
        columns: COLUMNS,
      });
      assert.equal(outcome.kind, expected);
      if (expected !== "allocated") return;
      if (found.usable > 0) seen.hits++;
      if (found.usable < found.matched) seen.parted++;
      settle(cache, m, c.slot);
      return;
    }
    case "advance": {
      const request = m.requests[c.slot];
      if (request === null) return;
      const lengthTokens = request.length + c.tokens;
      const evicted = cache.statistics.evictedBlocks;
      const outcome = extendWithPrefixOnEveryRank([cache], slot(c.slot), { lengthTokens });
      const expected = modelGrow(m, c.slot, { length: lengthTokens, columns: COLUMNS });
      assert.equal(outcome.kind, expected);
      if (cache.statistics.evictedBlocks > evicted) seen.evictions++;
      if (expected === "allocated") settle(cache, m, c.slot);
      return;
    }
    case "release": {
      const request = m.requests[c.slot];
      if (request === null) return;
      const pages = request.rows.flat().filter((page) => page >= 0).length;
      assert.equal(releaseWithPrefix(cache, slot(c.slot)), pages);
      modelRelease(m, c.slot);
      return;
    }
    case "swap":
      swapSlots(a, slot(c.slot), slot(c.other));
      [m.requests[c.slot], m.requests[c.other]] = [m.requests[c.other], m.requests[c.slot]];
      return;
    case "evict":
      assert.equal(evictPrefix(cache) > 0, modelEvict(m));
      return;
    case "begin":
      m.open.push(beginStep(a));
      return;
    case "complete": {
      if (m.open.length === 0) return;
      const [done] = m.open.splice(c.pick % m.open.length, 1);
      completeStep(a, done);
      for (const page of m.waiting) page.steps.delete(done);
      for (const page of m.waiting) if (page.steps.size === 0) m.free[page.pool].add(page.page);
      m.waiting = m.waiting.filter((page) => page.steps.size > 0);
      return;
    }
  }
}

/** What follows a step: its blocks are cached, then dead window pages go. */
function settle(cache: PrefixCache, m: PrefixModel, index: number): void {
  const request = m.requests[index]!;
  insertPrefix(cache, slot(index), {
    blocks: request.prompt,
    cachedTokens: request.length,
    checkpoints: [request.matched, request.prompt.length],
  });
  modelInsert(m, request);
  recycle(cache.allocator, slot(index), {
    nextPositionTokens: request.length,
    lengthTokens: request.length,
  });
  modelRecycle(m, request);
}

function compare(cache: PrefixCache, m: PrefixModel): void {
  const a = cache.allocator;
  m.requests.forEach((request, index) => {
    const rows = request?.rows ?? m.loses.map(() => []);
    const padded = rows.map((row) =>
      Array.from({ length: COLUMNS }, (_, column) => row[column] ?? -1)
    );
    assert.deepEqual(rowsOf(a, index), padded);
    assert.equal(slotLengthTokens(a, slot(index)), request?.length ?? 0);
  });
  const statistics = pageStatistics(a);
  assert.equal(freePages(a), m.free.reduce((sum, free) => sum + free.size, 0));
  assert.equal(statistics.quarantinedPages, m.waiting.length);
  assert.equal(
    statistics.freePages + statistics.quarantinedPages + statistics.fullHeadPages +
      statistics.windowHeadPages,
    statistics.capacityPages,
  );
  assert.equal(cache.statistics.cachedBlocks, m.nodes.size);
  assert.deepEqual(validatePrefixCache(cache), []);
}

for (const layout of ["headwise", "pooled", "uniform"] as Layout[]) {
  Deno.test(`the prefix cache agrees with a naive one under random commands when ${layout}`, () => {
    const seen: Seen = { hits: 0, evictions: 0, parted: 0 };
    fc.assert(
      fc.property(
        fc.array(commands, { minLength: 20, maxLength: 100, size: "max" }),
        fc.record({
          layout: fc.constant(layout),
          recycle: fc.boolean(),
          allWindow: fc.boolean(),
          windowTokens: fc.integer({ min: 1, max: 70 }),
          sinkTokens: fc.constantFrom(0, 5, 20),
        }),
        (sequence, world) => {
          const { cache, model } = buildWorld(world);
          for (const command of sequence) {
            step(cache, model, command, seen);
            compare(cache, model);
          }
          model.open.forEach((open) => completeStep(cache.allocator, open));
          for (let index = 0; index < SLOTS; index++) {
            if (model.requests[index] !== null) releaseWithPrefix(cache, slot(index));
          }
          while (evictPrefix(cache) > 0);
          assert.equal(freePages(cache.allocator), pageStatistics(cache.allocator).capacityPages);
        },
      ),
      { numRuns: 500 },
    );
    assert.ok(seen.hits > 100, `only ${seen.hits} hits`);
    assert.ok(seen.evictions > 10, `only ${seen.evictions} evictions`);
    assert.ok(layout === "uniform" || seen.parted > 10, `only ${seen.parted} parted prompts`);
  });
}
