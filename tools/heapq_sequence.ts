import { createPagePools, putPages, takePages } from "../allocator/page_pool.ts";
import { popLeast, pushValue } from "./min_heap.ts";
import { cpuMs } from "./timing.ts";

/**
 * A workload of one pool. Half of its pages are held; then, over and over, a batch of held pages
 * is freed and as many are taken, the least free ones first.
 */
export interface PoolSequence {
  /** Pages N of the pool. */
  readonly pages: number;
  /** Pages that are freed and taken again, in all; a multiple of the batch. */
  readonly operations: number;
  /** Pages a batch, as a request gives back and another one takes. */
  readonly batch: number;
  /** Seed of the choice which pages are freed, in [0, 2^32). */
  readonly seed: number;
  /** Whether a batch is freed that lies together, as a request's pages do, or pages far apart. */
  readonly pattern: "scattered" | "together";
}

/** What a run of a sequence gave. */
export interface SequenceResult {
  /** Weighted sum of the ids taken, modulo 2^31: equal for every correct implementation. */
  readonly checksum: number;
  /** CPU time of all operations, in nanoseconds: what other programs take is not in it. */
  readonly elapsedNs: number;
}

/**
 * Draws which held pages are freed, by the generator x ← 1664525·x + 1013904223 mod 2^32
 * (Numerical Recipes), which takes one line in any language. The pages of a batch are distinct.
 *
 * @returns Indices into the held pages; uint32 [operations].
 */
export function drawFreed(o: PoolSequence): Uint32Array {
  const stride = Math.floor(o.pages / 2 / o.batch);
  const freed = new Uint32Array(o.operations);
  let state = o.seed >>> 0;
  let first = 0;
  for (let i = 0; i < o.operations; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    if (o.pattern === "together") {
      const start = i - i % o.batch;
      if (i === start) first = Math.floor(state / 4294967296 * stride) * o.batch;
      freed[i] = first + i - start;
      continue;
    }
    // The low bits of such a generator have short periods; the high ones do not. Each place of a
    // batch draws from its own stretch, so none is drawn twice.
    freed[i] = (i % o.batch) * stride + Math.floor(state / 4294967296 * stride);
  }
  return freed;
}

/**
 * Runs a sequence on a pool of this project, which gives back and takes a batch at once, as a request
 * does that ends or grows.
 */
export function runPoolSequence(o: PoolSequence): SequenceResult {
  const freed = drawFreed(o);
  const pools = createPagePools({
    pools: 1,
    pagesPerPool: o.pages,
    pageOrder: { kind: "identity" },
  });
  const held = new Int32Array(Math.floor(o.pages / 2));
  takePages(pools, 0, 0, held, 0, held.length);
  const given = new Int32Array(o.batch);
  const taken = new Int32Array(o.batch);
  let checksum = 0;
  const startedMs = cpuMs();
  for (let start = 0; start < freed.length; start += o.batch) {
    for (let i = 0; i < o.batch; i++) given[i] = held[freed[start + i]];
    putPages(pools, 0, given, 0, o.batch, 0);
    takePages(pools, 0, 0, taken, 0, o.batch);
    for (let i = 0; i < o.batch; i++) {
      held[freed[start + i]] = taken[i];
      checksum = (Math.imul(checksum, 31) + taken[i]) & 0x7fffffff;
    }
  }
  return { checksum, elapsedNs: (cpuMs() - startedMs) * 1e6 };
}

/**
 * Runs a sequence on the binary heap that the pools had before, with an owner a page as they had.
 */
export function runHeapSequence(o: PoolSequence): SequenceResult {
  const freed = drawFreed(o);
  const heap = Int32Array.from({ length: o.pages }, (_, ordinal) => ordinal);
  const owners = new Int32Array(o.pages).fill(-1);
  let size = o.pages;
  const take = (): number => {
    const page = popLeast(heap, 0, size--);
    owners[page] = 0;
    return page;
  };
  const held = Int32Array.from({ length: Math.floor(o.pages / 2) }, take);
  let checksum = 0;
  const startedMs = cpuMs();
  for (let start = 0; start < freed.length; start += o.batch) {
    for (let i = start; i < start + o.batch; i++) {
      const page = held[freed[i]];
      pushValue(heap, 0, size++, page);
      owners[page] = -1;
    }
    for (let i = start; i < start + o.batch; i++) {
      const page = take();
      held[freed[i]] = page;
      checksum = (Math.imul(checksum, 31) + page) & 0x7fffffff;
    }
  }
  return { checksum, elapsedNs: (cpuMs() - startedMs) * 1e6 };
}
