/** Allocators whose pools have one fault each. */
import type { CacheSpec } from "../subject.ts";
import { type Mutant, mutateAllocator } from "./mutant.ts";
import { showing, showingIds } from "./snapshot_changes.ts";

export const poolMutants: readonly Mutant[] = [
  mutateAllocator({
    name: "shared_heap",
    fault: "One heap of N pages serves all heads of the headwise layout",
    origin: "field",
    violates: ["pool/per-head"],
    killedBy: ["allocator:pool:independent"],
  }, (good) => {
    let spec: CacheSpec | null = null;
    return {
      create: (asked) => {
        spec = asked.layout === "headwise" ? asked : null;
        const pagesPerHead = Math.max(1, Math.floor(asked.pagesPerHead / asked.kvHeads));
        return good.create(spec === null ? asked : { ...asked, layout: "pooled", pagesPerHead });
      },
      snapshot: async () => {
        const snapshot = await good.snapshot();
        if (spec === null) {
          return snapshot;
        }
        const pools = snapshot.layerGroups * snapshot.kvHeads;
        const held = (pool: number): number =>
          snapshot.table.filter((id, index) =>
            id >= 0 && Math.floor(index / snapshot.columns) % snapshot.kvHeads === pool
          ).length;
        const { pagesPerHead } = spec;
        const freePages = Int32Array.from(
          { length: pools },
          (_, pool) => pagesPerHead - held(pool),
        );
        return { ...snapshot, layout: "headwise", freePages, waitingPages: new Int32Array(pools) };
      },
    };
  }),
  mutateAllocator({
    name: "flat_ids_in_local_table",
    fault: "Global ids stand in a table whose kernel takes local ones",
    origin: "field",
    violates: ["layout/id-spaces-distinct", "layout/row-major-heads"],
    killedBy: ["allocator:table:id_spaces:layout=headwise;*", "allocator:table:row_major"],
  }, (good) =>
    showingIds(
      good.snapshot,
      (id, { head }, { layout }) => layout === "headwise" && id >= 0 ? id + head * 32 : id,
    )),
  mutateAllocator(
    {
      name: "availability_by_integer_division",
      fault: "Availability is an integer",
      origin: "field",
      violates: ["pool/available"],
      killedBy: ["allocator:availability:real_number"],
    },
    (good) =>
      showing(good.snapshot, ({ availability }) => ({ availability: Math.floor(availability) })),
  ),
  mutateAllocator(
    {
      name: "availability_of_legacy_list",
      fault: "Availability is read from a list that the head-wise pools have emptied",
      origin: "field",
      violates: ["pool/available"],
      killedBy: ["allocator:availability:real_number", "allocator:availability:uneven_heads"],
    },
    (good) =>
      showing(
        good.snapshot,
        (snapshot) => snapshot.layout === "uniform" ? {} : { availability: 0 },
      ),
  ),
  mutateAllocator({
    name: "half_allocated",
    fault: "A shortage leaves the pages that were there allocated",
    violates: ["pool/all-or-nothing"],
    killedBy: ["allocator:pool:all_or_nothing"],
  }, (good) => ({
    extend: async (o) => {
      const reply = await good.extend(o);
      if (reply.kind === "shortage") {
        await good.extend({ ...o, lengthTokens: o.lengthTokens - 16 });
      }
      return reply;
    },
  })),
  mutateAllocator({
    name: "double_free_accepted",
    fault: "Any id may be returned any number of times",
    violates: ["pool/conservation"],
    killedBy: ["allocator:pool:bad_return"],
  }, () => ({ returnPages: () => Promise.resolve({ kind: "ok", value: null }) })),
  mutateAllocator({
    name: "window_heads_at_full_price",
    fault: "Admission counts window heads like full ones",
    violates: ["pool/admission"],
    killedBy: ["allocator:admission:window_heads"],
  }, (good) => ({ canAdmit: (o) => good.canAdmit({ ...o, stepTokens: o.lengthTokens }) })),
  mutateAllocator({
    name: "growth_past_end",
    fault: "Growth past M or the model's length takes what pages there are",
    violates: ["pool/extend"],
    killedBy: ["allocator:pool:extend_past_end"],
  }, (good) => ({
    extend: async (o) => {
      const reply = await good.extend(o);
      if (reply.kind !== "refused") return reply;
      const { columns, lengthsTokens } = await good.snapshot();
      const lengthTokens = Math.min(
        o.lengthTokens,
        Math.max(16 * columns, lengthsTokens[o.slot] ?? 0),
      );
      return await good.extend({ ...o, lengthTokens });
    },
  })),
  mutateAllocator({
    name: "growth_past_short_rows",
    fault: "Growth is held to the model's length, and not to a row that is shorter",
    violates: ["pool/extend"],
    killedBy: ["allocator:pool:short_rows"],
  }, (good) => {
    let modelLengthTokens = 0;
    return {
      create: (spec) => {
        ({ modelLengthTokens } = spec);
        return good.create(spec);
      },
      extend: async (o) => {
        const reply = await good.extend(o);
        return reply.kind === "refused" && o.lengthTokens <= modelLengthTokens
          ? { kind: "allocated" }
          : reply;
      },
    };
  }),
  mutateAllocator({
    name: "abort_forgets_last_page",
    fault: "The end of a request keeps a page whose last token was just written",
    violates: ["abort/exact"],
    killedBy: ["allocator:abort:exact"],
  }, (good) => ({
    release: async (o) => {
      const reply = await good.release(o);
      return reply.kind === "ok" && reply.value > 0
        ? { kind: "ok", value: reply.value - 1 }
        : reply;
    },
  })),
];
