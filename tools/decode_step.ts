/**
 * Compares a decode step of 128 requests with that of another version of the allocator, such as the
 * last one whose pools were binary heaps, by CPU time. Each side has a process of its own, turn about:
 * in one process each would spoil the other's compiled code.
 *
 * ```sh
 * git worktree add ../headwise-heaps 64ece62^
 * deno task bench:decode ../headwise-heaps
 * ```
 *
 * @module
 */
import { resolve } from "node:path";
import type * as allocator from "../allocator/mod.ts";
import { slotsOf } from "../allocator/mod.ts";
import { median } from "../bench/statistics/mod.ts";
import { print } from "./print.ts";
import { cpuMs, describeRatios, runScript } from "./timing.ts";

/** Layouts that are compared. */
export const DECODE_LAYOUTS = ["uniform", "headwise", "pooled"] as const;

/** Requests of a step. */
export const DECODE_SLOTS = 128;
const LENGTH_TOKENS = 4096;
const PAGE_TOKENS = 64;
/** Steps after which every request has been replaced once. */
const ROUND_STEPS = LENGTH_TOKENS + 1;
const ROUNDS = 60;

/**
 * Makes a decode step: each request gets a token, recycles and grows at the edge of a page, and is
 * replaced at its full length.
 *
 * @param code The allocator's module, of this or of another version.
 * @param o With `asksOnly` no request ever needs a page: what is left is the loop and the question.
 */
export function createDecodeStep(
  code: typeof allocator,
  o: { readonly layout: (typeof DECODE_LAYOUTS)[number]; readonly asksOnly?: boolean },
): () => void {
  const { admit, createAllocator, extend, headMapFromPattern, needsPages, recycle, release } = code;
  const a = createAllocator({
    layout: o.layout,
    heads: headMapFromPattern({
      layers: 28,
      kvHeads: 4,
      pattern: "first",
      ratio: 0.25,
      windowTokens: 512,
      sinkTokens: 0,
    }),
    slots: DECODE_SLOTS,
    pagesPerHead: DECODE_SLOTS * LENGTH_TOKENS / PAGE_TOKENS,
    pageSizeTokens: PAGE_TOKENS,
    modelLengthTokens: LENGTH_TOKENS,
    recycle: true,
    pageOrder: { kind: "shuffled", seed: 1 },
  });
  const lengths = new Int32Array(DECODE_SLOTS);
  const point = { nextPositionTokens: 0, lengthTokens: 0 };
  const slots = slotsOf(DECODE_SLOTS);
  const asksOnly = o.asksOnly ?? false;
  for (const slot of slots) admit(a, slot, asksOnly ? LENGTH_TOKENS : 0);
  return () => {
    for (const slot of slots) {
      const length = lengths[slot];
      if (length === LENGTH_TOKENS) {
        if (!asksOnly) {
          release(a, slot);
          admit(a, slot, 0);
        }
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
  };
}

/** CPU time of a step in nanoseconds, the least of some rounds. */
async function timeStep(folder: string, layout: string, asksOnly: boolean): Promise<number> {
  const url = new URL(`file://${resolve(folder)}/allocator/mod.ts`);
  const code = await import(url.href) as typeof allocator;
  const step = createDecodeStep(code, {
    layout: DECODE_LAYOUTS.find((known) => known === layout) ?? "headwise",
    asksOnly,
  });
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const before = cpuMs();
    for (let i = 0; i < ROUND_STEPS; i++) step();
    // The first rounds are compiled as they go.
    if (round > 9) least = Math.min(least, (cpuMs() - before) * 1e6 / ROUND_STEPS);
  }
  return least;
}

async function inProcess(folder: string, layout: string, asksOnly: boolean): Promise<number> {
  const text = await runScript({
    url: import.meta.url,
    flags: ["--no-check", "--allow-read"],
    args: ["--one", folder, layout, asksOnly ? "asks" : "all"],
    failure: `Cannot time the step of '${folder}'; give a checkout's folder`,
  });
  return Number(text);
}

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === "--one") {
    return print(String(await timeStep(args[1], args[2], args[3] === "asks")));
  }
  const [baseline, pairs = "7"] = args;
  if (baseline === undefined) throw new Error("Cannot compare; give the folder of a checkout");
  const here = new URL("..", import.meta.url).pathname;
  print("decode step  times as fast    least … most   without the loop around it");
  for (const layout of DECODE_LAYOUTS) {
    const whole: number[] = [];
    const pages: number[] = [];
    for (let pair = 0; pair < Number(pairs); pair++) {
      const before = await inProcess(baseline, layout, false);
      const now = await inProcess(here, layout, false);
      const loop = await inProcess(here, layout, true);
      whole.push(before / now);
      pages.push((before - loop) / (now - loop));
    }
    print(
      `${layout.padEnd(11)}  ${describeRatios(whole)} ${median(pages).toFixed(1).padStart(27)}`,
    );
  }
}

if (import.meta.main) await main(Deno.args);
