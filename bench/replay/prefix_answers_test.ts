/** Attention through tables that share prefixes, against keys that no one shares. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  admitWithPrefix,
  createPrefixCache,
  createRandom,
  evictPrefix,
  extendWithPrefixOnEveryRank,
  findPrefix,
  FREE_PAGE,
  headMapFromLayers,
  headWindows,
  HOLE,
  insertPrefix,
  type Layout,
  type PrefixCache,
  QUARANTINED_PAGE,
  recycle,
  releaseWithPrefix,
  rowOffset,
  type Slot,
  toHead,
  toLayerGroup,
} from "../../allocator/mod.ts";
import {
  attendDirect,
  attendPaged,
  type AttentionProblem,
  type AttentionShape,
  cacheElements,
  encodeValues,
} from "../../kernel/mod.ts";

const P = 16;
const BLOCK = 32;
const D = 64;
const H = 2;
const SLOTS = 3;
const PAGES = 16;
const COLUMNS = 10;
const NAN = encodeValues("bf16", Float32Array.of(NaN))[0];

interface Request {
  readonly id: number;
  readonly prompt: readonly number[];
  readonly inputTokens: number;
  readonly matched: number;
  length: number;
}

interface World {
  readonly cache: PrefixCache;
  readonly shape: AttentionShape;
  /** Keys and values of each tensor: one per layer group, or one for all in a single pool. */
  readonly tensors: readonly { keys: Uint16Array; values: Uint16Array }[];
  readonly requests: (Request | null)[];
}

function buildWorld(o: { layout: Layout; windowTokens: number; sinkTokens: number }): World {
  const cache = createPrefixCache({
    layout: o.layout,
    heads: headMapFromLayers({
      kindsByLayer: o.layout === "uniform"
        ? [["window", "window"], ["window", "window"]]
        : [["window", "full"], ["full", "window"]],
      ...o,
    }),
    slots: SLOTS,
    pagesPerHead: PAGES,
    pageSizeTokens: P,
    modelLengthTokens: COLUMNS * P,
    recycle: true,
    pageOrder: { kind: "shuffled", seed: 4 },
    blockTokens: BLOCK,
  });
  const groups = cache.allocator.options.heads.groups.length;
  const shape: AttentionShape = {
    batch: 1,
    queryHeads: H,
    kvHeads: H,
    headSize: D,
    pageSizeTokens: P,
    pages: PAGES,
    poolPages: PAGES * H * groups,
    columns: COLUMNS,
    layout: o.layout,
    storage: "bf16",
  };
  const elements = cacheElements(shape);
  const tensors = Array.from({ length: o.layout === "pooled" ? 1 : groups }, () => ({
    keys: new Uint16Array(elements).fill(NAN),
    values: new Uint16Array(elements).fill(NAN),
  }));
  return { cache, shape, tensors, requests: Array(SLOTS).fill(null) };
}

/** A vector that depends on every token up to a position, and on nothing else. */
function vectorOf(
  request: Request,
  o: { group: number; head: number; position: number; what: string },
): Uint16Array {
  const blocks = request.prompt.slice(0, Math.floor(o.position / BLOCK) + 1);
  const own = o.position >= request.prompt.length * BLOCK;
  const text = [own ? request.id : "", blocks, o.group, o.head, o.position, o.what].join("|");
  let seed = 2166136261;
  for (const letter of text) seed = Math.imul(seed ^ letter.charCodeAt(0), 16777619);
  const random = createRandom(seed >>> 0);
  return encodeValues("bf16", Float32Array.from({ length: D }, () => random.nextNormal()));
}

function elementAt(shape: AttentionShape, o: { page: number; head: number; position: number }) {
  const headPage = shape.layout === "pooled" ? o.page : o.page * H + o.head;
  return (headPage * P + o.position % P) * D;
}

/** Writes what a step computes through the table, as a kernel would. */
function append(world: World, slot: number, from: number): void {
  const request = world.requests[slot]!;
  forEachHead(world, (group, head, tensor) => {
    for (let position = from; position < request.length; position++) {
      const page = pageAt(world, { slot, group, head, column: Math.floor(position / P) });
      assert.notEqual(page, HOLE);
      const at = elementAt(world.shape, { page, head, position });
      tensor.keys.set(vectorOf(request, { group, head, position, what: "key" }), at);
      tensor.values.set(vectorOf(request, { group, head, position, what: "value" }), at);
    }
  });
}

function forEachHead(
  world: World,
  visit: (group: number, head: number, tensor: World["tensors"][number]) => void,
): void {
  const groups = world.cache.allocator.options.heads.groups.length;
  for (let group = 0; group < groups; group++) {
    const tensor = world.tensors[world.tensors.length === 1 ? 0 : group];
    for (let head = 0; head < H; head++) visit(group, head, tensor);
  }
}

function pageAt(
  { cache }: World,
  o: { slot: number; group: number; head: number; column: number },
): number {
  const { table } = cache.allocator;
  const row = rowOffset(
    table,
    toLayerGroup(o.group, { limit: table.layerGroups }),
    o.slot as Slot,
    toHead(o.head, { limit: H }),
  );
  return table.ids[row + o.column];
}

/** What is free holds NaN, so that whoever still reads it gives itself away. */
function poison({ cache, shape, tensors }: World): void {
  const { owners, pagesPerPool } = cache.allocator.state.pools;
  owners.forEach((owner, key) => {
    if (owner !== FREE_PAGE && owner !== QUARANTINED_PAGE) return;
    const pool = Math.floor(key / pagesPerPool);
    const page = key % pagesPerPool;
    const heads = shape.layout === "uniform" ? [0, 1] : [pool % H];
    const touched = shape.layout === "headwise" ? [tensors[Math.floor(pool / H)]] : tensors;
    for (const { keys, values } of touched) {
      for (const head of shape.layout === "pooled" ? [0] : heads) {
        const at = elementAt(shape, { page, head, position: 0 });
        keys.fill(NAN, at, at + P * D);
        values.fill(NAN, at, at + P * D);
      }
    }
  });
}

/** The last tokens of a step see the same keys through the table as in a cache of their own. */
function checkAnswers(world: World, slot: number, queryTokens: number): void {
  const request = world.requests[slot]!;
  const { allocator: a } = world.cache;
  const groups = a.options.heads.groups.length;
  for (let group = 0; group < groups; group++) {
    const tensor = world.tensors[world.tensors.length === 1 ? 0 : group];
    const query = new Uint16Array(queryTokens * H * D);
    for (let token = 0; token < queryTokens; token++) {
      for (let head = 0; head < H; head++) {
        const position = request.length - queryTokens + token;
        const vector = vectorOf(request, { group, head, position, what: "query" });
        query.set(vector, (token * H + head) * D);
      }
    }
    const common = {
      query,
      queryStarts: Int32Array.of(0, queryTokens),
      cachedLengths: Int32Array.of(request.length - queryTokens),
      headWindows: headWindows(a.options.heads, toLayerGroup(group, { limit: groups })),
      sinkTokens: a.options.heads.sinkTokens,
    };
    const rows = world.shape.layout === "uniform" ? [0] : [0, 1];
    const table = Int32Array.from(
      rows.flatMap((head) =>
        Array.from({ length: COLUMNS }, (_, column) => pageAt(world, { slot, group, head, column }))
      ),
    );
    const shared: AttentionProblem = { ...common, shape: world.shape, table, ...tensor };
    const alone = unshared(request, group, common);
    const [got, expected] = [attendPaged(shared).output, attendDirect(alone).output];
    got.forEach((value, index) => {
      assert.ok(Math.abs(value - expected[index]) <= 1e-9 * (1 + Math.abs(expected[index])));
    });
  }
}

function unshared(
  request: Request,
  group: number,
  common: Omit<AttentionProblem, "shape" | "table" | "keys" | "values">,
): AttentionProblem {
  const shape: AttentionShape = {
    batch: 1,
    queryHeads: H,
    kvHeads: H,
    headSize: D,
    pageSizeTokens: P,
    pages: COLUMNS,
    columns: COLUMNS,
    layout: "headwise",
    storage: "bf16",
  };
  const keys = new Uint16Array(cacheElements(shape)).fill(NAN);
  const values = new Uint16Array(keys.length).fill(NAN);
  for (let head = 0; head < H; head++) {
    for (let position = 0; position < request.length; position++) {
      const page = Math.floor(position / P);
      const at = elementAt(shape, { page, head, position });
      keys.set(vectorOf(request, { group, head, position, what: "key" }), at);
      values.set(vectorOf(request, { group, head, position, what: "value" }), at);
    }
  }
  const columns = Math.ceil(request.length / P);
  const table = Int32Array.from(
    { length: H * COLUMNS },
    (_, i) => (i % COLUMNS < columns ? i % COLUMNS : HOLE),
  );
  return { ...common, shape, table, keys, values };
}

const command = fc.record({
  slot: fc.integer({ min: 0, max: SLOTS - 1 }),
  what: fc.constantFrom("step", "step", "step", "release", "evict"),
  prompt: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 4 }),
  extra: fc.integer({ min: 0, max: BLOCK - 1 }),
  tokens: fc.integer({ min: 1, max: 80 }),
});

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** One step of one slot; returns the tokens that it got from the cache. */
function play(world: World, c: Command, id: number): number {
  const { cache, requests } = world;
  const slot = c.slot as Slot;
  const running = requests[c.slot];
  if (c.what === "evict") evictPrefix(cache);
  if (c.what === "release" && running !== null) {
    releaseWithPrefix(cache, slot);
    requests[c.slot] = null;
  }
  if (c.what !== "step") return 0;
  if (running !== null) {
    const lengthTokens = running.length + c.tokens;
    const outcome = extendWithPrefixOnEveryRank([cache], slot, { lengthTokens });
    if (outcome.kind === "allocated") finish(world, c.slot, { from: running.length, lengthTokens });
    return 0;
  }
  const inputTokens = c.prompt.length * BLOCK + c.extra;
  const match = findPrefix(cache, c.prompt, inputTokens - 1);
  const lengthTokens = Math.min(inputTokens, match.hitTokens + c.tokens);
  if (admitWithPrefix(cache, slot, { lengthTokens, match }).kind !== "allocated") return 0;
  const { prompt } = c;
  requests[c.slot] = { id, prompt, inputTokens, matched: match.matchedBlocks, length: 0 };
  finish(world, c.slot, { from: match.hitTokens, lengthTokens });
  return match.hitTokens;
}

function finish(world: World, index: number, o: { from: number; lengthTokens: number }): void {
  const request = world.requests[index]!;
  const slot = index as Slot;
  request.length = o.lengthTokens;
  poison(world);
  append(world, index, o.from);
  checkAnswers(world, index, Math.min(2, o.lengthTokens - o.from));
  insertPrefix(world.cache, slot, {
    blocks: request.prompt,
    cachedTokens: Math.min(request.length, request.inputTokens),
    checkpoints: [request.matched, request.prompt.length],
  });
  const { length } = request;
  recycle(world.cache.allocator, slot, { nextPositionTokens: length, lengthTokens: length });
}

for (const layout of ["headwise", "pooled", "uniform"] as Layout[]) {
  Deno.test(`attendPaged() answers through shared prefixes as without sharing when ${layout}`, () => {
    let hits = 0;
    fc.assert(
      fc.property(
        fc.array(command, { minLength: 15, maxLength: 25, size: "max" }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(0, 5, 20),
        (sequence, windowTokens, sinkTokens) => {
          const world = buildWorld({ layout, windowTokens, sinkTokens });
          sequence.forEach((each, id) => {
            if (play(world, each, id) > 0) hits++;
          });
        },
      ),
      { numRuns: 25 },
    );
    assert.ok(hits > 10, `only ${hits} hits`);
  });
}
