/** Allocators that recycle wrongly with one layout alone. */
import { HEAD_LAYOUTS, LAYOUTS, windowHeads } from "../suites/cache_spec.ts";
import { layoutFamily } from "./family.ts";
import { type AllocatorFault, making, type Mutant } from "./mutant.ts";

type RecycleFault = Omit<Parameters<typeof layoutFamily>[0], "origin"> & {
  readonly change: AllocatorFault;
};

/** Recycles although it is switched off, every head then. */
export const alwaysRecycling: AllocatorFault = making(({ recycle, heads }) => ({
  recycle: true,
  heads: recycle ? heads : windowHeads(1),
}));

/** Steps in flight keep nothing. */
export const withoutFence: AllocatorFault = () => {
  let next = 0;
  return {
    beginStep: () => Promise.resolve({ kind: "ok", value: next++ }),
    completeStep: () => Promise.resolve({ kind: "ok", value: null }),
  };
};

const FAULTS: readonly RecycleFault[] = [
  {
    name: "window_one_short",
    fault: "the window is a token too short",
    violates: ["recycle/window-only", "sentinel/only-when-dead"],
    test: "allocator:recycle:dead_pages",
    layouts: LAYOUTS,
    change: making(({ windowTokens }) => ({ windowTokens: Math.max(1, windowTokens - 1) })),
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
    change: (good) => ({
      recycle: (o) => good.recycle({ ...o, nextPositionTokens: o.lengthTokens }),
    }),
  },
  {
    name: "mid_page",
    fault: "recycling acts between page boundaries",
    violates: ["recycle/page-boundary"],
    test: "allocator:recycle:tail_race",
    layouts: HEAD_LAYOUTS,
    change: (good, spec) => ({
      recycle: (o) => {
        const whole = o.lengthTokens - o.lengthTokens % spec.pageSizeTokens;
        return good.recycle({
          ...o,
          lengthTokens: whole,
          nextPositionTokens: Math.min(o.nextPositionTokens, whole),
        });
      },
    }),
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

export const recycleFamilyMutants: readonly Mutant[] = FAULTS.flatMap(({ change, ...facts }) =>
  layoutFamily({ ...facts }, change)
);
