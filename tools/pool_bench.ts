/**
 * Time of the page pool and of a decode step. One iteration of the pool benches frees and takes 32
 * pages, so the time a page is 1/32 of what is shown; from N = 1,000 to 1,000,000 it may grow like
 * log N at most.
 *
 * @module
 */
import {
  admit,
  createAllocator,
  createPagePools,
  extend,
  freePage,
  headMapFromPattern,
  needsPages,
  type PageOrder,
  recycle,
  release,
  slotsOf,
  takePage,
} from "../allocator/mod.ts";
import { drawFreed } from "./heapq_sequence.ts";

const BATCH = 32;

for (const kind of ["identity", "shuffled"] as const) {
  for (const pages of [1e3, 1e4, 1e5, 1e6]) {
    const pageOrder: PageOrder = kind === "identity" ? { kind } : { kind, seed: 1 };
    const pools = createPagePools({ pools: 1, pagesPerPool: pages, pageOrder });
    const held = Int32Array.from({ length: pages / 2 }, () => takePage(pools, 0, 0));
    const freed = drawFreed({
      pages,
      operations: BATCH * 4096,
      batch: BATCH,
      seed: 1,
      pattern: "scattered",
    });
    let start = 0;
    Deno.bench({
      name: `free and take ${BATCH} pages, N = ${pages}`,
      group: `pool, ${kind} order`,
      baseline: pages === 1e3,
      fn: () => {
        for (let i = start; i < start + BATCH; i++) {
          freePage(pools, { pool: 0, page: held[freed[i]], owner: 0 });
        }
        for (let i = start; i < start + BATCH; i++) held[freed[i]] = takePage(pools, 0, 0);
        start = (start + BATCH) % freed.length;
      },
    });
  }
}

const SLOTS = 128;
const LENGTH = 4096;

for (const layout of ["uniform", "headwise", "pooled"] as const) {
  const a = createAllocator({
    layout,
    heads: headMapFromPattern({
      layers: 28,
      kvHeads: 4,
      pattern: "first",
      ratio: 0.25,
      windowTokens: 512,
      sinkTokens: 0,
    }),
    slots: SLOTS,
    pagesPerHead: SLOTS * LENGTH / 64,
    pageSizeTokens: 64,
    modelLengthTokens: LENGTH,
    recycle: true,
    pageOrder: { kind: "shuffled", seed: 1 },
  });
  const lengths = new Int32Array(SLOTS);
  const point = { nextPositionTokens: 0, lengthTokens: 0 };
  const slots = slotsOf(SLOTS);
  for (const slot of slots) admit(a, slot, 0);
  Deno.bench({
    name: `decode step of ${SLOTS} requests with recycling, ${layout}`,
    group: "decode step",
    fn: () => {
      for (const slot of slots) {
        const length = lengths[slot];
        if (length === LENGTH) {
          release(a, slot);
          admit(a, slot, 0);
          lengths[slot] = 0;
        } else {
          if (needsPages(a, slot, length + 1)) {
            point.nextPositionTokens = length;
            point.lengthTokens = length;
            recycle(a, slot, point);
            extend(a, slot, length + 1);
          }
          lengths[slot] = length + 1;
        }
      }
    },
  });
}
