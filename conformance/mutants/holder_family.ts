/** Allocators that lose count of who holds a page: sharers, steps, requests that change places. */
import type { AllocatorSubject, SharedReply } from "../subject.ts";
import { LAYOUTS } from "../suites/cache_spec.ts";
import { allocatorFamily, layoutFamily } from "./family.ts";
import type { AllocatorFault, Mutant } from "./mutant.ts";
import { hearing, showing } from "./snapshot_changes.ts";

const PAGE_TOKENS = 16;

/** Finds every block that was ever cached, whatever became of its pages. */
const foundAsOnce: AllocatorFault = (good) => {
  const cached = new Set<string>();
  const chain = (blocks: readonly number[], end: number): string => blocks.slice(0, end).join();
  return {
    ...hearing(good, "cachePrefix", ({ blocks, cachedTokens }) => {
      const complete = Math.min(blocks.length, Math.floor(cachedTokens / PAGE_TOKENS));
      for (let end = 1; end <= complete; end++) cached.add(chain(blocks, end));
    }),
    admitShared: async (o): Promise<SharedReply> => {
      const reply = await good.admitShared!(o);
      if (reply.kind !== "allocated") return reply;
      let found = reply.hitTokens / PAGE_TOKENS;
      const most = Math.floor((o.lengthTokens - 1) / PAGE_TOKENS);
      while (found < Math.min(o.blocks.length, most) && cached.has(chain(o.blocks, found + 1))) {
        found++;
      }
      return { ...reply, hitTokens: found * PAGE_TOKENS };
    },
  };
};

/** Counts two holders of a page and no third: it is free once two of three have left. */
const twoHolders: AllocatorFault = (good) => {
  let most = new Map<string, number>();
  return showing(good.snapshot, ({ table, columns, kvHeads, layout, freePages }) => {
    const holders = new Map<string, number>();
    table.forEach((id, index) => {
      const pool = layout === "headwise" ? Math.floor(index / columns) % kvHeads : 0;
      const page = `${pool}:${id}`;
      if (id >= 0) holders.set(page, (holders.get(page) ?? 0) + 1);
    });
    const free = freePages.slice();
    const kept = new Map<string, number>();
    for (const [page, count] of holders) {
      const before = Math.max(most.get(page) ?? 0, count);
      kept.set(page, before);
      const pool = Number(page.split(":")[0]);
      if (count === 1 && before >= 3) free[pool] = free[pool]! + 1;
    }
    most = kept;
    return { freePages: free };
  });
};

/** Keeps a page of every pool for a sharer that found no room. */
const keptBySharer: AllocatorFault = (good) => {
  let lost = 0;
  return {
    admitShared: async (o): Promise<SharedReply> => {
      const reply = await good.admitShared!(o);
      if (reply.kind === "shortage" && o.blocks.length > 0) lost++;
      return reply;
    },
    ...showing(good.snapshot, ({ freePages }) => ({
      freePages: freePages.map((pages) => Math.max(0, pages - lost)),
    })),
  };
};

/** The numbers of two live requests stay with their slots as the slots change places. */
function numbersStay(good: AllocatorSubject): Partial<AllocatorSubject> {
  const names = new Map<number, number | undefined>();
  const move = async (order: readonly number[]): Promise<void> => {
    const { lengthsTokens } = await good.snapshot();
    const before = new Map(names);
    order.forEach((from, to) => {
      const both = lengthsTokens[from]! > 0 && lengthsTokens[to]! > 0;
      if (!both) names.set(to, before.get(from));
    });
  };
  return {
    ...hearing(good, "admit", ({ slot, request }) => void names.set(slot, request)),
    ...hearing(good, "reorder", ({ permutation }) => move([...permutation])),
    ...hearing(good, "swap", async ({ first, second }) => {
      const { slots } = await good.snapshot();
      const order = Array.from({ length: slots }, (_, slot) => slot);
      if (first < slots && second < slots) {
        await move(order.with(first, second).with(second, first));
      }
    }),
    release: async ({ slot, request }) =>
      request !== undefined && names.get(slot) !== undefined && names.get(slot) !== request
        ? { kind: "ok", value: 0 }
        : await good.release({ slot }),
  };
}

export const holderMutants: readonly Mutant[] = [
  ...allocatorFamily(
    {
      name: "prefix",
      origin: "field",
      violates: ["prefix/share"],
    },
    [
      {
        label: "found_as_it_was_once",
        fault: "A block that was cached once is found, whatever became of its pages",
        change: foundAsOnce,
      },
      {
        label: "of_two_holders",
        fault: "Of a page's holders two are counted: it is free once two of three have left",
        change: twoHolders,
      },
      {
        label: "kept_by_a_sharer_without_room",
        fault: "What a sharer found stays taken though there was no room for its rest",
        change: keptBySharer,
      },
    ].map((member) => ({ ...member, killedBy: ["allocator:prefix:contents"] })),
    ({ change }) => change,
  ),
  ...layoutFamily({
    name: "step_ends_those_before",
    origin: "field",
    violates: ["recycle/in-flight"],
    fault: "the end of a step is taken for that of every step before it",
    test: "allocator:recycle:steps_out_of_order",
    layouts: LAYOUTS,
  }, (good) => {
    const open = new Set<number>();
    return {
      beginStep: async () => {
        const reply = await good.beginStep();
        if (reply.kind === "ok") open.add(reply.value);
        return reply;
      },
      completeStep: async ({ step }) => {
        for (const older of [...open].filter((each) => each < step)) {
          open.delete(older);
          await good.completeStep({ step: older });
        }
        if (!open.delete(step)) return { kind: "ok", value: null };
        return await good.completeStep({ step });
      },
    };
  }),
  ...layoutFamily({
    name: "request_numbers_stay",
    violates: ["pool/late-release", "slot/swap-rows"],
    fault: "two requests that change places keep each other's numbers",
    test: "allocator:lifetime:names",
    layouts: LAYOUTS,
  }, numbersStay),
  ...layoutFamily(
    {
      name: "pages_ahead_past_the_row",
      violates: ["pool/extend", "pool/conservation"],
      fault: "pages ahead of need are taken at the row's end too, and stand nowhere",
      test: "allocator:pool:preallocation_at_end",
      layouts: LAYOUTS,
    },
    (good, { preallocatedPages, modelLengthTokens }) =>
      showing(good.snapshot, ({ freePages, lengthsTokens }) => {
        const full = lengthsTokens.filter((length) => length === modelLengthTokens).length;
        return {
          freePages: freePages.map((pages) => Math.max(0, pages - full * preallocatedPages)),
        };
      }),
  ),
];
