/** Random command sequences against a naive model made of Sets, Maps and plain arrays. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { buildAllocator, rowsOf, slot } from "./builders_test.ts";
import type { CacheAllocator, Layout, StepId } from "./mod.ts";
import {
  admit,
  AllocatorError,
  beginStep,
  completeStep,
  condenseSlots,
  extend,
  freePages,
  heldPages,
  pageStatistics,
  recycle,
  release,
  reorderSlots,
  slotLengthTokens,
  swapSlots,
  validateAllocator,
} from "./mod.ts";
import { findObstacle } from "./grow.ts";

const P = 16;
const SLOTS = 4;
const COLUMNS = 6;
const KINDS = [["window", "full"], ["full", "full"]] as const;

interface ModelRequest {
  lengthTokens: number;
  /** Page or hole of every row and column. */
  rows: number[][];
}

interface Model {
  readonly windowTokens: number;
  readonly sinkTokens: number;
  readonly rowIsWindow: readonly boolean[];
  /** Free pages by pool; rows take from pool `poolOf(row)`. */
  readonly free: Set<number>[];
  readonly poolOf: (row: number) => number;
  requests: (ModelRequest | null)[];
  waiting: { pool: number; page: number; steps: Set<StepId> }[];
  open: StepId[];
}

function buildModel(a: CacheAllocator): Model {
  const { layout, pagesPerHead, heads } = a.options;
  const kinds = KINDS.flat();
  const rowIsWindow = layout === "uniform" ? [false] : kinds.map((kind) => kind === "window");
  const pools = layout === "headwise" ? kinds.length : 1;
  const pages = layout === "pooled" ? pagesPerHead * kinds.length : pagesPerHead;
  return {
    windowTokens: heads.windowTokens,
    sinkTokens: heads.sinkTokens,
    rowIsWindow,
    free: Array.from({ length: pools }, () => new Set(Array.from({ length: pages }, (_, i) => i))),
    poolOf: (row) => layout === "headwise" ? row : 0,
    requests: Array(SLOTS).fill(null),
    waiting: [],
    open: [],
  };
}

function modelGrow(m: Model, index: number, lengthTokens: number, ahead: number): string {
  const request = m.requests[index] ?? { lengthTokens: 0, rows: m.rowIsWindow.map(() => []) };
  if (lengthTokens > COLUMNS * P) return "refused";
  const held = request.rows[0].length;
  const seesHole = request.rows.some((row, r) =>
    row.some((page, column) => page < 0 && m.rowIsWindow[r] && !isDead(m, column, lengthTokens))
  );
  if (seesHole) return "refused";
  const needed = Math.ceil(lengthTokens / P);
  const columns = needed <= held ? held : Math.min(needed + ahead, COLUMNS);
  const demand = m.free.map(() => 0);
  m.rowIsWindow.forEach((_, row) => demand[m.poolOf(row)] += columns - held);
  if (demand.some((need, pool) => need > m.free[pool].size)) return "shortage";
  request.rows.forEach((row, r) => {
    const free = m.free[m.poolOf(r)];
    while (row.length < columns) {
      const least = Math.min(...free);
      free.delete(least);
      row.push(least);
    }
  });
  request.lengthTokens = lengthTokens;
  m.requests[index] = request;
  return "allocated";
}

// By the mask: no key of the page is a sink, and the first future query sees none of its keys.
function isDead(m: Model, column: number, nextPosition: number): boolean {
  for (let k = column * P; k < (column + 1) * P; k++) {
    if (k < m.sinkTokens || k > nextPosition - m.windowTokens) return false;
  }
  return true;
}

function modelFree(m: Model, row: number, page: number): void {
  const pool = m.poolOf(row);
  if (m.open.length === 0) m.free[pool].add(page);
  else m.waiting.push({ pool, page, steps: new Set(m.open) });
}

function modelRecycle(m: Model, index: number, nextPosition: number, length: number): number {
  const request = m.requests[index];
  if (request === null || length % P !== 0) return 0;
  let freed = 0;
  request.rows.forEach((row, r) => {
    if (!m.rowIsWindow[r]) return;
    row.forEach((page, column) => {
      if (page < 0 || !isDead(m, column, nextPosition)) return;
      modelFree(m, r, page);
      row[column] = -1;
      freed++;
    });
  });
  if (freed > 0) request.lengthTokens = length;
  return freed;
}

type Command =
  | { kind: "grow"; slot: number; length: number; preallocate: boolean }
  | { kind: "recycle"; slot: number; back: number }
  | { kind: "release"; slot: number }
  | { kind: "swap"; slot: number; other: number }
  | { kind: "condense" }
  | { kind: "reorder"; permutation: number[] }
  | { kind: "begin" }
  | { kind: "complete"; pick: number };

const anySlot = fc.integer({ min: 0, max: SLOTS - 1 });
const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("grow" as const),
      slot: anySlot,
      length: fc.oneof(
        fc.integer({ min: 0, max: COLUMNS * P + 2 }),
        fc.integer({ min: 0, max: COLUMNS }).map((pages) => pages * P),
      ),
      preallocate: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("recycle" as const),
      slot: anySlot,
      back: fc.integer({ min: 0, max: 8 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), slot: anySlot }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("swap" as const), slot: anySlot, other: anySlot }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "condense" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reorder" as const),
      permutation: fc.uniqueArray(anySlot, { minLength: SLOTS, maxLength: SLOTS }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "begin" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("complete" as const), pick: fc.nat() }) },
);

function step(a: CacheAllocator, m: Model, c: Command): void {
  switch (c.kind) {
    case "grow": {
      const active = m.requests[c.slot] !== null;
      const o = { preallocate: c.preallocate };
      const foreseen = findObstacle(a, slot(c.slot), c.length, o);
      const outcome = (active ? extend : admit)(a, slot(c.slot), c.length, o);
      const ahead = c.preallocate ? a.options.preallocatedPages : 0;
      assert.equal(outcome.kind, modelGrow(m, c.slot, c.length, ahead));
      if (outcome.kind !== "allocated") assert.deepEqual(outcome, foreseen);
      return;
    }
    case "recycle": {
      const length = m.requests[c.slot]?.lengthTokens ?? 0;
      const point = { nextPositionTokens: Math.max(0, length - c.back), lengthTokens: length };
      if (m.requests[c.slot] === null) {
        assert.throws(() => recycle(a, slot(c.slot), point), AllocatorError);
        return;
      }
      const freed = recycle(a, slot(c.slot), point);
      assert.equal(freed, modelRecycle(m, c.slot, point.nextPositionTokens, length));
      return;
    }
    case "release": {
      const request = m.requests[c.slot];
      if (request === null) {
        assert.throws(() => release(a, slot(c.slot)), AllocatorError);
        return;
      }
      const pages = request.rows.flat().filter((page) => page >= 0).length;
      assert.equal(release(a, slot(c.slot)), pages);
      request.rows.forEach((row, r) => {
        for (const page of row) if (page >= 0) modelFree(m, r, page);
      });
      m.requests[c.slot] = null;
      return;
    }
    case "swap":
      swapSlots(a, slot(c.slot), slot(c.other));
      [m.requests[c.slot], m.requests[c.other]] = [m.requests[c.other], m.requests[c.slot]];
      return;
    case "condense": {
      const moves = new Int32Array(2 * SLOTS);
      const count = condenseSlots(a, { moves });
      for (let i = 0; i < count; i++) {
        const [from, to] = [moves[2 * i], moves[2 * i + 1]];
        assert.ok(m.requests[from] !== null && m.requests[to] === null);
        [m.requests[to], m.requests[from]] = [m.requests[from], null];
      }
      const firstEmpty = m.requests.indexOf(null);
      assert.ok(firstEmpty < 0 || m.requests.slice(firstEmpty).every((r) => r === null));
      return;
    }
    case "reorder":
      reorderSlots(a, Int32Array.from(c.permutation));
      m.requests = c.permutation.map((from) => m.requests[from]);
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

function compare(a: CacheAllocator, m: Model): void {
  let held = 0;
  m.requests.forEach((request, index) => {
    const rows = request?.rows ?? m.rowIsWindow.map(() => []);
    const padded = rows.map((row) =>
      Array.from({ length: COLUMNS }, (_, column) => row[column] ?? -1)
    );
    assert.deepEqual(rowsOf(a, index), padded);
    assert.equal(slotLengthTokens(a, slot(index)), request?.lengthTokens ?? 0);
    const pages = rows.flat().filter((page) => page >= 0).length;
    assert.equal(heldPages(a, slot(index)), pages);
    held += pages;
  });
  const statistics = pageStatistics(a);
  assert.equal(freePages(a), m.free.reduce((sum, free) => sum + free.size, 0));
  assert.equal(statistics.quarantinedPages, m.waiting.length);
  assert.equal(
    statistics.freePages + statistics.quarantinedPages + held,
    statistics.capacityPages,
  );
  assert.deepEqual(validateAllocator(a), []);
}

for (const layout of ["headwise", "pooled", "uniform"] as Layout[]) {
  Deno.test(`the allocator agrees with a naive model under random commands when ${layout}`, () => {
    let executed = 0;
    fc.assert(
      fc.property(
        fc.array(commands, { minLength: 1, maxLength: 120, size: "max" }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 5, 16, 20),
        (sequence, windowTokens, sinkTokens) => {
          const a = buildAllocator({
            layout,
            windowTokens,
            sinkTokens,
            kinds: KINDS,
            slots: SLOTS,
            pagesPerHead: 9,
            modelLengthTokens: COLUMNS * P,
            preallocatedPages: 1,
            draftTables: true,
            debug: false,
          });
          const m = buildModel(a);
          for (const command of sequence) {
            step(a, m, command);
            compare(a, m);
            executed++;
          }
        },
      ),
      { numRuns: 120 },
    );
    assert.ok(executed > 3000, `only ${executed} commands ran`);
  });
}
