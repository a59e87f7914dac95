/** Millions of random commands to one allocator, which must keep its laws and its memory. */
import assert from "node:assert/strict";
import {
  admit,
  beginStep,
  type CacheAllocator,
  completeStep,
  condenseSlots,
  createAllocator,
  createRandom,
  extend,
  headMapFromLayers,
  type Layout,
  pageStatistics,
  type Random,
  recycle,
  release,
  reorderSlots,
  type Slot,
  slotLengthTokens,
  type StepId,
  swapSlots,
  toSlot,
  validateAllocator,
} from "../../allocator/mod.ts";

const SLOTS = 16;
const LENGTH_TOKENS = 1024;
const PAGE_TOKENS = 16;
const OPEN_STEPS = 3;

/** What became of the commands. */
export interface SoakCounts {
  /** Commands executed. */
  readonly operations: number;
  /** Requests taken in and grown. */
  readonly grown: number;
  /** Growths refused for lack of pages, by the length or by a hole. */
  readonly refused: number;
  /** Pages recycled. */
  readonly recycled: number;
}

/**
 * Gives an allocator random commands.
 *
 * @param o Layout, seed, number of commands, and how many lie between two looks at its laws.
 * @returns Counts; every page is free at the end.
 */
export function soakAllocator(o: {
  readonly layout: Layout;
  readonly seed: number;
  readonly operations: number;
  readonly operationsPerLook: number;
  readonly onLook?: () => void;
}): SoakCounts {
  const a = createAllocator({
    layout: o.layout,
    heads: headMapFromLayers({
      kindsByLayer: [["window", "full"], ["full", "full"]],
      windowTokens: 100,
      sinkTokens: 20,
    }),
    slots: SLOTS,
    // About half of what all slots would fill, so that both ends of a pool are met.
    pagesPerHead: SLOTS * LENGTH_TOKENS / PAGE_TOKENS / 2,
    pageSizeTokens: PAGE_TOKENS,
    modelLengthTokens: LENGTH_TOKENS,
    preallocatedPages: 1,
    recycle: true,
    draftTables: true,
    pageOrder: { kind: "shuffled", seed: o.seed },
  });
  const state: SoakState = {
    a,
    random: createRandom(o.seed),
    slots: Array.from({ length: SLOTS }, (_, index) => toSlot(index, { limit: SLOTS })),
    active: Array(SLOTS).fill(false),
    open: [],
    moves: new Int32Array(2 * SLOTS),
    counts: { grown: 0, refused: 0, recycled: 0 },
  };
  for (let operation = 0; operation < o.operations; operation++) {
    command(state);
    if (operation % o.operationsPerLook !== 0) continue;
    assert.deepEqual(validateAllocator(a), []);
    o.onLook?.();
  }
  for (const step of state.open) completeStep(a, step);
  state.slots.forEach((slot, index) => state.active[index] && release(a, slot));
  const { freePages, capacityPages } = pageStatistics(a);
  assert.equal(freePages, capacityPages, "pages were lost");
  return { operations: o.operations, ...state.counts };
}

interface SoakState {
  readonly a: CacheAllocator;
  readonly random: Random;
  readonly slots: readonly Slot[];
  active: boolean[];
  readonly open: StepId[];
  readonly moves: Int32Array;
  readonly counts: { grown: number; refused: number; recycled: number };
}

function command(state: SoakState): void {
  const { a, random, slots, active, counts } = state;
  const index = random.nextBelow(SLOTS);
  const slot = slots[index];
  const pick = random.nextBelow(100);
  if (pick < 55) {
    const length = active[index] ? slotLengthTokens(a, slot) : 0;
    // Mostly a token or a chunk more; now and then past the end.
    const more = random.nextBelow(4) === 0 ? random.nextBelow(300) : 1 + random.nextBelow(16);
    const outcome = tryGrow(state, index, length + more);
    if (outcome) counts.grown++;
    else counts.refused++;
  } else if (pick < 70) {
    if (!active[index]) return;
    const lengthTokens = slotLengthTokens(a, slot);
    counts.recycled += recycle(a, slot, { nextPositionTokens: lengthTokens, lengthTokens });
  } else if (pick < 78) {
    if (active[index]) release(a, slot);
    active[index] = false;
  } else if (pick < 82) {
    const other = random.nextBelow(SLOTS);
    swapSlots(a, slot, slots[other]);
    [active[index], active[other]] = [active[other], active[index]];
  } else if (pick < 83) {
    const moves = condenseSlots(a, { moves: state.moves });
    for (let i = 0; i < moves; i++) {
      active[state.moves[2 * i]] = false;
      active[state.moves[2 * i + 1]] = true;
    }
  } else if (pick < 84) {
    const shift = random.nextBelow(SLOTS);
    const permutation = Int32Array.from(slots, (_, at) => (at + shift) % SLOTS);
    reorderSlots(a, permutation);
    state.active = Array.from(permutation, (from) => active[from]);
  } else if (pick < 92 && state.open.length < OPEN_STEPS) {
    state.open.push(beginStep(a));
  } else if (state.open.length > 0) {
    const [step] = state.open.splice(random.nextBelow(state.open.length), 1);
    completeStep(a, step);
  }
}

function tryGrow({ a, slots, active }: SoakState, index: number, lengthTokens: number): boolean {
  const outcome = (active[index] ? extend : admit)(a, slots[index], lengthTokens);
  if (outcome.kind === "allocated") active[index] = true;
  return outcome.kind === "allocated";
}
