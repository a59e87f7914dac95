/** Allocators that free pages which are still held: by owners, drafts, sharers, transfers. */
import type { AllocatorSubject, SharedReply } from "../subject.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "../suites/cache_spec.ts";
import { allocatorFamily, layoutFamily, named } from "./family.ts";
import { type AllocatorFault, type Mutant, mutateAllocator } from "./mutant.ts";
import { lastPositionDecides } from "./recycle_mutants.ts";
import { hearing, showing, showingIds } from "./snapshot_changes.ts";

type SharedCommand = Parameters<NonNullable<AllocatorSubject["admitShared"]>>[0];

/** What most allocators that share prefixes wrongly have in common. */
const PREFIX = { origin: "field", violates: ["prefix/share"] } as const;

/** Tells another number of tokens found than there are. */
function finding(change: (hitTokens: number, o: SharedCommand) => number): AllocatorFault {
  return (good) => ({
    admitShared: async (o): Promise<SharedReply> => {
      const reply = await good.admitShared!(o);
      return reply.kind === "allocated"
        ? { ...reply, hitTokens: change(reply.hitTokens, o) }
        : reply;
    },
  });
}

export const lifetimeMutants: readonly Mutant[] = [
  ...layoutFamily({
    name: "release_by_slot_alone",
    origin: "field",
    violates: ["pool/late-release"],
    fault: "a late release ends whatever request has the slot by now",
    test: "allocator:lifetime:late_release",
    layouts: LAYOUTS,
  }, (good) => ({ release: ({ slot }) => good.release({ slot }) })),
  ...allocatorFamily(
    { name: "owner_stays_behind", violates: ["pool/late-release"] },
    (["swap", "reorder", "condense"] as const).map((move) => ({
      move,
      label: `in_a_${move}`,
      fault: `Requests are known by the slot that they had before a ${move}`,
      killedBy: [`allocator:lifetime:late_release:after=${move};*`],
    })),
    ({ move }) => (good) => {
      const owners = new Map<number, number>();
      let moved = false;
      return {
        ...hearing(good, "admit", ({ slot, request }) => {
          if (request !== undefined) owners.set(slot, request);
        }),
        ...hearing(good, move, () => void (moved = true)),
        release: async (o) => {
          if (!moved || o.request === undefined || owners.get(o.slot) === o.request) {
            return await good.release(o);
          }
          return { kind: "refused", code: "slot/empty", message: "The slot has another request" };
        },
      };
    },
  ),
  ...layoutFamily({
    name: "drafts_make_pages_dead",
    origin: "field",
    violates: ["recycle/optimistic", "recycle/window-only"],
    fault: "recycling takes drafts for accepted",
    test: "allocator:lifetime:optimistic",
    layouts: HEAD_LAYOUTS,
  }, lastPositionDecides),
  ...layoutFamily({
    name: "one_page_a_small_window",
    origin: "field",
    violates: ["recycle/small-window"],
    variants: named("growth", "admission"),
    fault: (where) => `and W ≤ P ${where} takes one live page for enough or two for too many`,
    test: "allocator:lifetime:small_window",
    layouts: HEAD_LAYOUTS,
  }, (good, { layout, windowTokens, pageSizeTokens }, where) => {
    if (windowTokens > pageSizeTokens) return {};
    if (where === "admission") {
      return {
        canAdmit: (o) => good.canAdmit({ ...o, stepTokens: o.stepTokens + pageSizeTokens }),
      };
    }
    return {
      extend: async (o) => {
        const { freePages, lengthsTokens, kvHeads } = await good.snapshot();
        const least = layout === "pooled" ? kvHeads : 1;
        const grows = Math.ceil(o.lengthTokens / 16) > Math.ceil((lengthsTokens[o.slot] ?? 0) / 16);
        const free = Math.min(...freePages);
        return grows && free <= least
          ? { kind: "shortage", need: 2 * least, free, capacity: 2 * least }
          : await good.extend(o);
      },
    };
  }),
  mutateAllocator({
    ...PREFIX,
    name: "second_sharer_reads_nothing",
    fault: "The rows of a second sharer stay holes",
    killedBy: ["allocator:prefix:shared"],
  }, (good) => {
    const shared: number[] = [];
    return {
      admitShared: async (o) => {
        const reply = await good.admitShared!(o);
        if (reply.kind === "allocated" && reply.hitTokens > 0) shared.push(o.slot);
        return reply;
      },
      ...showingIds(good.snapshot, (id, { slot }) => shared.includes(slot) ? -1 : id),
    };
  }),
  mutateAllocator({
    ...PREFIX,
    name: "sharer_gets_copies",
    fault: "A hit is reported, and the sharer takes pages of its own that no one filled",
    killedBy: ["allocator:prefix:shared"],
  }, (good) => ({
    admitShared: async (o) => {
      const apart = await good.admitShared!({
        ...o,
        blocks: o.blocks.map((block) => -block - o.slot),
      });
      const hitTokens = o.slot === 0 ? 0 : 16 * o.blocks.filter((block) => block < 90).length;
      return apart.kind === "allocated" ? { kind: "allocated", hitTokens } : apart;
    },
  })),
  mutateAllocator({
    ...PREFIX,
    name: "hit_is_a_block_too_long",
    fault: "The first block that differs counts as found",
    killedBy: ["allocator:prefix:shared"],
  }, finding((hitTokens) => hitTokens > 0 ? hitTokens + 16 : 0)),
  mutateAllocator({
    ...PREFIX,
    name: "shared_page_is_written",
    fault: "The page that a sharer writes next is the first owner's",
    killedBy: ["allocator:prefix:shared"],
  }, (good) => {
    const ends = new Map<number, number>();
    return {
      admitShared: async (o) => {
        const reply = await good.admitShared!(o);
        if (reply.kind === "allocated" && reply.hitTokens > 0) {
          ends.set(o.slot, reply.hitTokens / 16);
        }
        return reply;
      },
      ...showingIds(good.snapshot, (id, { slot, head, column }, { table, columns }) => {
        const isNext = ends.get(slot) === column;
        return isNext ? table[head * columns + column] ?? id : id;
      }),
    };
  }),
  mutateAllocator({
    ...PREFIX,
    name: "shared_page_freed_with_its_first_owner",
    fault: "The first owner to leave takes the shared rows along",
    killedBy: ["allocator:prefix:last_owner"],
  }, (good) => {
    let released = false;
    return {
      ...hearing(good, "release", () => void (released = true)),
      ...showingIds(good.snapshot, (id, { column }) => released && column < 6 ? -1 : id),
    };
  }),
  mutateAllocator({
    ...PREFIX,
    name: "cached_pages_never_freed",
    fault: "Pages that only the cache holds make no room for a request",
    killedBy: ["allocator:prefix:last_owner"],
  }, (good) => ({
    admitShared: async (o) => {
      const { freePages, kvHeads, layout } = await good.snapshot();
      const rows = layout === "pooled" ? kvHeads : 1;
      const need = Math.ceil(o.lengthTokens / 16) * rows;
      const free = Math.min(...freePages);
      const known = o.blocks[0] === 11;
      return need > free && !known
        ? { kind: "shortage", need, free, capacity: free }
        : await good.admitShared!(o);
    },
  })),
  mutateAllocator(
    {
      ...PREFIX,
      name: "whole_prompt_is_found",
      fault: "A prompt that is cached to its end leaves no token to compute",
      killedBy: ["allocator:prefix:whole_prompt"],
    },
    finding((hitTokens, { lengthTokens }) =>
      hitTokens === lengthTokens - 16 ? lengthTokens : hitTokens
    ),
  ),
  mutateAllocator({
    ...PREFIX,
    name: "taken_page_is_still_found",
    fault: "A cached page that another request took keeps its hash",
    killedBy: ["allocator:prefix:evicted"],
  }, (good, spec) => {
    let cachedTokens = 0;
    return {
      ...hearing(good, "cachePrefix", (o) => void (cachedTokens = o.cachedTokens)),
      ...finding((hitTokens, { blocks }) =>
        blocks[0] === 11 && cachedTokens > 0 ? cachedTokens : hitTokens
      )(good, spec),
    };
  }),
  mutateAllocator({
    ...PREFIX,
    violates: ["prefix/share", "pool/conservation"],
    name: "owners_are_not_counted",
    fault: "The first owner to leave frees the shared pages, which the other still names",
    killedBy: ["allocator:prefix:last_owner"],
  }, (good) => {
    let released = 0;
    return {
      ...hearing(good, "release", () => void released++),
      ...showing(
        good.snapshot,
        ({ freePages }) => released === 1 ? { freePages: freePages.map((pages) => pages + 6) } : {},
      ),
    };
  }),
  mutateAllocator({
    ...PREFIX,
    violates: ["prefix/share", "prefix/window"],
    name: "window_of_prefix_recycled",
    fault: "The window that a continuation of the prefix sees goes with the first owner's",
    killedBy: ["allocator:prefix:windows"],
  }, (good) => {
    let recycled = false;
    return {
      ...hearing(good, "recycle", () => void (recycled = true)),
      ...showingIds(
        good.snapshot,
        (id, { slot, head, column }) => recycled && slot === 1 && head < 2 && column < 6 ? -1 : id,
      ),
    };
  }),
  ...layoutFamily({
    name: "transfer_not_waited_for",
    origin: "field",
    violates: ["recycle/in-flight-transfer"],
    variants: named("at_all", "past_the_next_step"),
    fault: (how) => `a transfer keeps pages not ${how}`,
    test: (layout, how) =>
      `allocator:lifetime:transfer:layout=${layout};steps=${how === "at_all" ? 0 : 1};*`,
    layouts: LAYOUTS,
  }, (good, _, how) => {
    let open: number | null = null;
    return {
      beginTransfer: async (o) => {
        if (how === "at_all") return { kind: "ok", value: 1_000_000 };
        const reply = await good.beginTransfer!(o);
        open = reply.kind === "ok" ? reply.value : null;
        return reply;
      },
      completeStep: async (o) => {
        const reply = await good.completeStep(o);
        if (open !== null) await good.endTransfer!({ transfer: open });
        open = null;
        return reply;
      },
      endTransfer: (o) =>
        how === "at_all" || open === null
          ? Promise.resolve({ kind: "ok", value: null })
          : good.endTransfer!(o),
    };
  }),
  ...layoutFamily({
    name: "transfer_ends_the_oldest",
    violates: ["recycle/in-flight-transfer"],
    fault: "the end of a transfer is taken for that of the oldest",
    test: "allocator:lifetime:transfers",
    layouts: LAYOUTS,
  }, (good) => {
    const open: number[] = [];
    return {
      beginTransfer: async (o) => {
        const reply = await good.beginTransfer!(o);
        if (reply.kind === "ok") open.push(reply.value);
        return reply;
      },
      endTransfer: (o) => good.endTransfer!({ transfer: open.shift() ?? o.transfer }),
    };
  }),
];
