/** Allocators that recycle wrongly: with every layout, or with one alone. */
import { HEAD_LAYOUTS, LAYOUTS, windowHeads } from "../suites/cache_spec.ts";
import { layoutFamily } from "./family.ts";
import { type AllocatorFault, making, type Mutant, mutateAllocator } from "./mutant.ts";

type RecycleFault = Omit<Parameters<typeof layoutFamily>[0], "origin"> & {
  readonly change: AllocatorFault;
};

/** Recycles although it is switched off, every head then. */
const alwaysRecycling: AllocatorFault = making(({ recycle, heads }) => ({
  recycle: true,
  heads: recycle ? heads : windowHeads(1),
}));

/** Steps in flight keep nothing. */
const withoutFence: AllocatorFault = () => {
  let next = 0;
  return {
    beginStep: () => Promise.resolve({ kind: "ok", value: next++ }),
    completeStep: () => Promise.resolve({ kind: "ok", value: null }),
  };
};

/** What a tail page holds is left out of account. */
const midPage: AllocatorFault = (good, { pageSizeTokens }) => ({
  recycle: (o) => {
    const lengthTokens = o.lengthTokens - o.lengthTokens % pageSizeTokens;
    const nextPositionTokens = Math.min(o.nextPositionTokens, lengthTokens);
    return good.recycle({ ...o, lengthTokens, nextPositionTokens });
  },
});

const windowOneShort = making(({ windowTokens }) => ({
  windowTokens: Math.max(1, windowTokens - 1),
}));

/** The last position of a step decides what is dead. */
export const lastPositionDecides: AllocatorFault = (good) => ({
  recycle: (o) => good.recycle({ ...o, nextPositionTokens: o.lengthTokens }),
});

const FAULTS: readonly RecycleFault[] = [
  {
    name: "window_one_short",
    fault: "the window is a token too short",
    violates: ["recycle/window-only", "sentinel/only-when-dead"],
    test: "allocator:recycle:dead_pages",
    layouts: LAYOUTS,
    change: windowOneShort,
  },
  {
    name: "window_one_long",
    fault: "the window is a token too long",
    violates: ["recycle/window-only"],
    test: "allocator:recycle:dead_pages",
    layouts: LAYOUTS,
    change: making(({ windowTokens: window }) => ({ windowTokens: window && window + 1 })),
  },
  {
    name: "sinks_in_whole_pages",
    fault: "sinks are counted in whole pages, and the last part of one is recycled",
    violates: ["recycle/window-only", "sentinel/only-when-dead"],
    test: "allocator:recycle:dead_pages",
    layouts: LAYOUTS,
    change: making(({ sinkTokens, pageSizeTokens }) => ({
      sinkTokens: sinkTokens - sinkTokens % pageSizeTokens,
    })),
  },
  {
    name: "chunk_end_decides",
    fault: "the last position of a chunk decides what is dead",
    violates: ["recycle/window-only"],
    test: "allocator:recycle:chunk_start",
    layouts: HEAD_LAYOUTS,
    change: lastPositionDecides,
  },
  {
    name: "mid_page",
    fault: "recycling acts between page boundaries",
    violates: ["recycle/page-boundary"],
    test: "allocator:recycle:tail_race",
    layouts: HEAD_LAYOUTS,
    change: midPage,
  },
  {
    name: "no_fence",
    fault: "freed pages are handed out while a step is in flight",
    violates: ["recycle/in-flight"],
    test: "allocator:recycle:in_flight",
    layouts: LAYOUTS,
    change: withoutFence,
  },
  {
    name: "oldest_step_alone",
    fault: "freed pages wait for the oldest step in flight alone",
    violates: ["recycle/in-flight"],
    test: "allocator:recycle:in_flight",
    layouts: LAYOUTS,
    change: (good) => {
      const open: number[] = [];
      return {
        beginStep: async () => {
          const reply = await good.beginStep();
          if (reply.kind === "ok") open.push(reply.value);
          return reply;
        },
        completeStep: async (o) => {
          if (!open.includes(o.step)) return { kind: "ok", value: null };
          const reply = await good.completeStep(o);
          for (const step of open.filter((each) => each !== o.step)) {
            await good.completeStep({ step });
          }
          open.length = 0;
          return reply;
        },
      };
    },
  },
  {
    name: "always_on",
    fault: "recycling cannot be switched off",
    violates: ["recycle/off"],
    test: "allocator:recycle:nothing_dead",
    layouts: LAYOUTS,
    change: alwaysRecycling,
  },
];

export const recycleMutants: readonly Mutant[] = [
  mutateAllocator({
    name: "recycles_mid_write",
    fault: "Recycling acts between page boundaries, while the tail page is being written",
    origin: "field",
    violates: ["recycle/page-boundary"],
    killedBy: ["allocator:recycle:tail_race"],
  }, midPage),
  mutateAllocator({
    name: "no_fence",
    fault: "Freed pages are handed out while a step that reads them is in flight",
    violates: ["recycle/in-flight"],
    killedBy: ["allocator:recycle:in_flight"],
  }, withoutFence),
  mutateAllocator({
    name: "recycles_full_heads",
    fault: "Recycling frees pages of full heads too",
    violates: ["recycle/window-only", "mask/head-kinds"],
    killedBy: ["allocator:recycle:dead_pages", "allocator:head_kinds:pattern"],
  }, making(({ heads }) => ({ heads: heads.kind === "pattern" ? { ...heads, ratio: 1 } : heads }))),
  mutateAllocator({
    name: "window_off_by_one",
    fault: "Recycling counts W without the query's own key",
    violates: ["recycle/window-only", "sentinel/only-when-dead"],
    killedBy: ["allocator:recycle:dead_pages", "allocator:recycle:live_range"],
  }, windowOneShort),
  mutateAllocator({
    name: "sinks_recycled",
    fault: "Recycling frees the pages of sink tokens",
    violates: ["recycle/window-only", "sentinel/only-when-dead"],
    killedBy: ["allocator:recycle:dead_pages", "allocator:recycle:live_range"],
  }, making(() => ({ sinkTokens: 0 }))),
  mutateAllocator({
    name: "recycles_when_off",
    fault: "Recycling cannot be switched off",
    violates: ["recycle/off"],
    killedBy: ["allocator:recycle:nothing_dead:why=off;*"],
  }, alwaysRecycling),
  mutateAllocator({
    name: "prefix_sharing_with_recycling",
    fault: "Prefix sharing is accepted together with recycling",
    violates: ["prefix/window"],
    killedBy: ["allocator:recycle:prefix_sharing"],
    lacks: ["allocator.prefix_sharing"],
  }, making(() => ({ prefixSharing: false }))),
  mutateAllocator(
    {
      name: "groups_alike",
      fault: "Every layer is taken to have the window heads of the first",
      violates: ["layout/per-layer-groups"],
      killedBy: ["allocator:table:layer_groups"],
    },
    making(({ heads }) => {
      if (heads.kind === "pattern") return {};
      const [first = []] = heads.kindsByLayer;
      return { heads: { kind: "layers", kindsByLayer: heads.kindsByLayer.map(() => first) } };
    }),
  ),
  ...FAULTS.flatMap(({ change, ...facts }) => layoutFamily({ ...facts }, change)),
];
