/**
 * Compares the page pool with a binary heap and with Python's heapq on the same operations, in one
 * run by CPU time, at several pool sizes: `deno run --allow-run=python3 --allow-read=allocator
 * tools/heapq_compare.ts`. Interleaved runs, the median of each side.
 *
 * @module
 */
import {
  type PoolSequence,
  runHeapSequence,
  runPoolSequence,
  type SequenceResult,
} from "./heapq_sequence.ts";

/** A comparison at one pool size. */
export interface HeapqComparison {
  /** Pages N of the pool. */
  readonly pages: number;
  /** Time of one free and one take here, in nanoseconds, median of the rounds. */
  readonly poolNs: number;
  /** The same with Python's heapq. */
  readonly heapqNs: number;
  /** The same with the binary heap that the pools had before. */
  readonly heapNs: number;
}

/**
 * Runs a sequence with Python's heapq.
 *
 * @returns Checksum and time, or null where no python3 can be started.
 * @throws {Error} When the Python program fails.
 */
export async function runHeapqSequence(o: PoolSequence): Promise<SequenceResult | null> {
  const program = new URL("./heapq_compare.py", import.meta.url).pathname;
  const sizes = [o.pages, o.operations, o.batch, o.seed, o.pattern].map(String);
  const command = new Deno.Command("python3", { args: [program, ...sizes] });
  let output: Deno.CommandOutput;
  try {
    output = await command.output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const decoder = new TextDecoder();
  if (!output.success) {
    throw new Error(
      `Cannot run "heapq_compare.py": exit code ${output.code}, ${decoder.decode(output.stderr)}`,
    );
  }
  return JSON.parse(decoder.decode(output.stdout)) as SequenceResult;
}

/**
 * Compares both sides at one pool size.
 *
 * @returns The medians and their ratio, or null where no python3 can be started.
 * @throws {Error} When the two sides took different pages.
 */
export async function compareWithHeapq(
  o: PoolSequence & { readonly rounds: number },
): Promise<HeapqComparison | null> {
  const poolNs: number[] = [];
  const heapNs: number[] = [];
  const heapqNs: number[] = [];
  for (let round = 0; round < o.rounds; round++) {
    const theirs = await runHeapqSequence(o);
    if (theirs === null) return null;
    const [ours, heap] = [runPoolSequence(o), runHeapSequence(o)];
    if (ours.checksum !== theirs.checksum || heap.checksum !== theirs.checksum) {
      throw new Error(
        `Cannot compare times at ${o.pages} pages: the checksums are "${ours.checksum}" (pool), ` +
          `"${heap.checksum}" (heap) and "${theirs.checksum}" (heapq), so they took different pages`,
      );
    }
    poolNs.push(ours.elapsedNs / o.operations);
    heapNs.push(heap.elapsedNs / o.operations);
    heapqNs.push(theirs.elapsedNs / o.operations);
  }
  return {
    pages: o.pages,
    poolNs: median(poolNs),
    heapNs: median(heapNs),
    heapqNs: median(heapqNs),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function main(): Promise<void> {
  const write = (line: string): number =>
    Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
  write(
    "CPU time of one free and one take of a page in ns: the pools' bitmap, a binary heap, Python's heapq;",
  );
  write("batches of 32 pages that lie together, as a request's do, or far apart.");
  write("                pages   bitmap     heap    heapq  heapq/bitmap  heap/bitmap");
  for (const pattern of ["together", "scattered"] as const) {
    for (const pages of [1e3, 1e4, 1e5, 1e6]) {
      const comparison = await compareWithHeapq({
        pages,
        operations: 3_200_000,
        batch: 32,
        seed: 1,
        pattern,
        rounds: 5,
      });
      if (comparison === null) {
        write('SKIPPED: no "python3" on the PATH, so there is nothing to compare with; install it');
        return;
      }
      const { poolNs, heapNs, heapqNs } = comparison;
      const cells = [poolNs, heapNs, heapqNs].map((ns) => ns.toFixed(1).padStart(8));
      write(
        `${pattern.padEnd(10)} ${String(pages).padStart(10)} ${cells.join(" ")}  ` +
          `${(heapqNs / poolNs).toFixed(1).padStart(12)}  ${
            (heapNs / poolNs).toFixed(1).padStart(11)
          }`,
      );
    }
  }
}

if (import.meta.main) await main();
