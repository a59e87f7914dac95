/**
 * Binary min-heaps of int32 that share one flat array: heap k lives at its own offset, its size is
 * kept by the caller. Push and pop take O(log n) and allocate nothing.
 *
 * The page pools took the least free page by one until a bitmap replaced it; it stays as what the
 * bitmap is tested and timed beside.
 *
 * @module
 */

/**
 * Adds a value to a heap.
 *
 * @param size How many values it holds before the push.
 */
export function pushValue(heaps: Int32Array, offset: number, size: number, value: number): void {
  let hole = size;
  while (hole > 0) {
    const parent = (hole - 1) >>> 1;
    const above = heaps[offset + parent];
    if (above <= value) break;
    heaps[offset + hole] = above;
    hole = parent;
  }
  heaps[offset + hole] = value;
}

/**
 * Takes the least value out of a heap. The caller makes sure that the heap is not empty.
 *
 * @param size How many values it holds before the pop, ≥ 1.
 */
export function popLeast(heaps: Int32Array, offset: number, size: number): number {
  const least = heaps[offset];
  const last = size - 1;
  const moved = heaps[offset + last];
  // Walk the hole down to a leaf along the smaller children, then sift the moved value up from
  // there: it came from the bottom, so it rarely rises, and each level costs one comparison.
  let hole = 0;
  let child = 1;
  while (child < last) {
    if (child + 1 < last && heaps[offset + child + 1] < heaps[offset + child]) child++;
    heaps[offset + hole] = heaps[offset + child];
    hole = child;
    child = 2 * hole + 1;
  }
  pushValue(heaps, offset, hole, moved);
  return least;
}
