/**
 * Compares the page pool with a binary heap and with Python's heapq on the same operations, in one
 * run by CPU time, at several pool sizes: `deno task bench:allocator`. Turn about.
 *
 * @module
 */
import { ifThere } from "../fixtures/mod.ts";
import {
  type PoolSequence,
  runHeapSequence,
  runPoolSequence,
  type SequenceResult,
} from "./heapq_sequence.ts";
import { print } from "./print.ts";

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
  const output = await ifThere(() => command.output());
  if (output === null) return null;
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
 * @returns Time of one free and one take with Python's heapq, and with the binary heap that the pools
 *   had before, over that here, a value for each round; null where no python3 can be started.
 * @throws {Error} When the two sides took different pages.
 */
export async function compareWithHeapq(
  o: PoolSequence & { readonly rounds: number },
): Promise<{ pages: number; heapqRatios: number[]; heapRatios: number[] } | null> {
  const heapRatios: number[] = [];
  const heapqRatios: number[] = [];
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
    heapRatios.push(heap.elapsedNs / ours.elapsedNs);
    heapqRatios.push(theirs.elapsedNs / ours.elapsedNs);
  }
  return { pages: o.pages, heapqRatios, heapRatios };
}

/** Median of ratios, least and most. */
function describeRatios(ratios: readonly number[]): string {
  const sorted = ratios.toSorted((a, b) => a - b);
  const [least, middle, most] = [0, sorted.length >> 1, sorted.length - 1].map((at) =>
    sorted[at].toFixed(1).padStart(5)
  );
  return `${middle} (${least} …${most})`;
}

async function main(): Promise<void> {
  print(
    "CPU time of one free and one take of a page over that of the pools' bitmap: the median of\n" +
      "five rounds, least and most. Batches of 32 pages lie together, as a request's do, or far " +
      "apart.",
  );
  print("                pages      Python's heapq         binary heap");
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
        print('SKIPPED: no "python3" on the PATH, so there is nothing to compare with; install it');
        return;
      }
      const [heapq, heap] = [comparison.heapqRatios, comparison.heapRatios].map(describeRatios);
      print(`${pattern.padEnd(10)} ${String(pages).padStart(10)}  ${heapq}  ${heap}`);
    }
  }
}

if (import.meta.main) await main();
