/** Whether memory grows: what a process holds after collections, early and late. */

/** Looks at the heap over a run. */
export interface FlatHeap {
  /** Collects garbage and notes what is left. */
  readonly look: () => void;
  /** Most bytes held at a look of the first and of the second half, and their difference. */
  readonly compare: () => {
    readonly looks: number;
    readonly earlyBytes: number;
    readonly lateBytes: number;
    readonly grownBytes: number;
  };
}

/**
 * Makes a measure of the heap; the process has to run with `--v8-flags=--expose-gc`.
 *
 * @returns The measure.
 * @throws {Error} Where garbage cannot be collected on demand.
 */
export function createFlatHeap(): FlatHeap {
  const { gc } = globalThis as unknown as { gc?: () => void };
  if (gc === undefined) throw new Error("Cannot measure: run with --v8-flags=--expose-gc");
  const held: number[] = [];
  return {
    look: () => {
      gc();
      const { heapUsed, external } = Deno.memoryUsage();
      held.push(heapUsed + external);
    },
    compare: () => {
      // The first tenth warms up: code is compiled and buffers find their size.
      const warm = held.slice(Math.ceil(held.length / 10));
      const middle = Math.floor(warm.length / 2);
      const earlyBytes = Math.max(...warm.slice(0, middle));
      const lateBytes = Math.max(...warm.slice(middle));
      return { looks: held.length, earlyBytes, lateBytes, grownBytes: lateBytes - earlyBytes };
    },
  };
}
