import assert from "node:assert/strict";
import fc from "fast-check";
import { toPageKey } from "./ids.ts";
import {
  checkHeldStretch,
  createPagePools,
  freePage,
  PageError,
  type PageOrder,
  putPage,
  putPages,
  takePage,
  takePages,
} from "./page_pool.ts";

const IDENTITY: PageOrder = { kind: "identity" };

Deno.test("takePage() hands out the least free id again when pages come back", () => {
  const pools = createPagePools({ pools: 1, pagesPerPool: 4, pageOrder: IDENTITY });
  const take = (): number => takePage(pools, 0, 7);
  assert.deepEqual([take(), take(), take(), take(), take()], [0, 1, 2, 3, -1]);
  freePage(pools, { pool: 0, page: 2, owner: 7 });
  freePage(pools, { pool: 0, page: 1, owner: 7 });
  assert.deepEqual([take(), take(), take()], [1, 2, -1]);
});

Deno.test("takePage() leaves the other heads' pools alone", () => {
  const pools = createPagePools({ pools: 3, pagesPerPool: 2, pageOrder: IDENTITY });
  takePage(pools, 1, 0);
  assert.deepEqual([...pools.freeCounts], [2, 1, 2]);
  assert.equal(takePage(pools, 0, 0), 0);
  assert.equal(takePage(pools, 2, 0), 0);
});

Deno.test("createPagePools() gives each pool its own permutation when shuffled", () => {
  const pools = createPagePools({
    pools: 3,
    pagesPerPool: 64,
    pageOrder: { kind: "shuffled", seed: 9 },
  });
  const orders = [0, 1, 2].map((pool) =>
    Array.from({ length: 64 }, () => takePage(pools, pool, 0))
  );
  for (const order of orders) {
    assert.deepEqual(order.toSorted((a, b) => a - b), Array.from({ length: 64 }, (_, i) => i));
  }
  assert.notDeepEqual(orders[0], orders[1]);
  assert.notDeepEqual(orders[1], orders[2]);
});

Deno.test("createPagePools() gives one pool the permutation that the first of many has", () => {
  const pageOrder = { kind: "shuffled", seed: 9 } as const;
  const one = createPagePools({ pools: 1, pagesPerPool: 64, pageOrder });
  const many = createPagePools({ pools: 4, pagesPerPool: 64, pageOrder });
  assert.deepEqual(one.idOfOrdinal, many.idOfOrdinal?.slice(0, 64));
  const other = createPagePools({
    pools: 1,
    pagesPerPool: 64,
    pageOrder: { kind: "shuffled", seed: 10 },
  });
  assert.notDeepEqual(one.idOfOrdinal, other.idOfOrdinal);
});

Deno.test("createPagePools() refuses a size when it is no positive integer or too large", () => {
  for (const [pools, pagesPerPool] of [[0, 1], [1, 0], [1.5, 1], [1, NaN], [2, 2 ** 30]]) {
    assert.throws(() => createPagePools({ pools, pagesPerPool, pageOrder: IDENTITY }), RangeError);
  }
});

Deno.test("freePage() refuses by code and changes nothing when a page is not the owner's", () => {
  const pools = createPagePools({ pools: 2, pagesPerPool: 4, pageOrder: IDENTITY });
  const page = takePage(pools, 0, 1);
  const table = [
    [{ pool: 0, page, owner: 2 }, "page/foreign"],
    [{ pool: 0, page: 4, owner: 1 }, "page/foreign"],
    [{ pool: 0, page: -1, owner: 1 }, "page/foreign"],
    [{ pool: 0, page: 0.5, owner: 1 }, "page/foreign"],
    [{ pool: 2, page: 0, owner: 1 }, "page/foreign"],
    [{ pool: 0, page: 4 + page, owner: 1 }, "page/foreign"],
    [{ pool: 0, page: 3, owner: 1 }, "page/double-free"],
    [{ pool: 1, page, owner: 1 }, "page/double-free"],
    [{ pool: 1, page, owner: -1 }, "page/double-free"],
  ] as const;
  for (const [held, code] of table) {
    const before = structuredClone(pools);
    assert.throws(
      () => freePage(pools, held),
      (error) => error instanceof PageError && error.code === code,
      `${JSON.stringify(held)} ${code}`,
    );
    assert.deepEqual(pools, before);
  }
});

Deno.test("checkHeldStretch() refuses an id that is named twice and changes nothing", () => {
  const pools = createPagePools({ pools: 1, pagesPerPool: 4, pageOrder: IDENTITY });
  const page = takePage(pools, 0, 1);
  const before = structuredClone(pools);
  const row = Int32Array.of(-1, page, -1, page);
  assert.equal(checkHeldStretch(pools, row, 0, 1, 0, 3), 1);
  assert.throws(() => checkHeldStretch(pools, row, 0, 1, 0, 4), PageError);
  assert.deepEqual(pools, before);
});

Deno.test("pools keep free + held = total and no id twice under random takes and frees", () => {
  const command = fc.record({
    pool: fc.integer({ min: 0, max: 2 }),
    take: fc.boolean(),
    pick: fc.nat(),
  });
  const seeds = fc.option(fc.integer(), { nil: null });
  fc.assert(fc.property(fc.array(command, { maxLength: 300 }), seeds, (commands, seed) => {
    const pageOrder: PageOrder = seed === null ? IDENTITY : { kind: "shuffled", seed };
    const pools = createPagePools({ pools: 3, pagesPerPool: 5, pageOrder });
    const held: number[][] = [[], [], []];
    for (const { pool, take, pick } of commands) {
      if (take) {
        const page = takePage(pools, pool, pool);
        if (page < 0) assert.equal(held[pool].length, 5);
        else {
          assert.ok(!held[pool].includes(page));
          held[pool].push(page);
        }
      } else if (held[pool].length > 0) {
        const [page] = held[pool].splice(pick % held[pool].length, 1);
        freePage(pools, { pool, page, owner: pool });
      }
      for (let p = 0; p < 3; p++) assert.equal(pools.freeCounts[p] + held[p].length, 5);
    }
  }));
});

Deno.test("putPages() leaves the pool as putPage() does one at a time, holes left out", () => {
  const [count, size] = [3, 70];
  const orders = fc.constantFrom<PageOrder>(IDENTITY, { kind: "shuffled", seed: 5 });
  // Runs that lie together and single pages, over several words.
  const runs = fc.array(
    fc.record({
      first: fc.nat(size - 1),
      length: fc.integer({ min: 1, max: 40 }),
      hole: fc.boolean(),
    }),
    { maxLength: 12 },
  );
  const poolOf = fc.nat(count - 1);
  fc.assert(fc.property(orders, runs, poolOf, fc.boolean(), (pageOrder, list, pool, areKeys) => {
    const pools = createPagePools({ pools: count, pagesPerPool: size, pageOrder });
    for (let each = 0; each < count; each++) {
      takePages(pools, each, 1, new Int32Array(size), 0, size);
    }
    const offset = areKeys ? 0 : pool * size;
    const seen = new Set<number>();
    const ids: number[] = [-1];
    for (const { first, length, hole } of list) {
      for (let page = first; page < Math.min(size, first + length); page++) {
        const id = pool * size + page - offset;
        if (!seen.has(id)) ids.push(id);
        seen.add(id);
      }
      if (hole) ids.push(-1);
    }
    const one = structuredClone(pools);
    for (const id of ids) if (id >= 0) putPage(one, toPageKey(1, 0, offset + id));
    const stretch = Int32Array.from([0, ...ids, 1]);
    assert.equal(putPages(pools, pool, stretch, 1, ids.length, offset), seen.size);
    assert.deepEqual(pools, one);
  }));
});
