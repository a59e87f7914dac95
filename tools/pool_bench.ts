/**
 * Time of the page pool and of a decode step. One iteration of the pool benches frees and takes 32
 * pages, so the time a page is 1/32 of what is shown; from N = 1,000 to 1,000,000 it may grow like
 * log N at most.
 *
 * @module
 */
import * as allocator from "../allocator/mod.ts";
import { createDecodeStep, DECODE_LAYOUTS, DECODE_SLOTS } from "./decode_step.ts";
import { drawFreed } from "./heapq_sequence.ts";

const BATCH = 32;

for (const kind of ["identity", "shuffled"] as const) {
  for (const pages of [1e3, 1e4, 1e5, 1e6]) {
    const pageOrder: allocator.PageOrder = kind === "identity" ? { kind } : { kind, seed: 1 };
    const pools = allocator.createPagePools({ pools: 1, pagesPerPool: pages, pageOrder });
    const held = Int32Array.from({ length: pages / 2 }, () => allocator.takePage(pools, 0, 0));
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
          allocator.freePage(pools, { pool: 0, page: held[freed[i]], owner: 0 });
        }
        for (let i = start; i < start + BATCH; i++) {
          held[freed[i]] = allocator.takePage(pools, 0, 0);
        }
        start = (start + BATCH) % freed.length;
      },
    });
  }
}

for (const layout of DECODE_LAYOUTS) {
  Deno.bench({
    name: `decode step of ${DECODE_SLOTS} requests with recycling, ${layout}`,
    group: "decode step",
    fn: createDecodeStep(allocator, { layout }),
  });
}
