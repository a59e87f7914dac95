/** Allocators that recycle wrongly, one fault each. */
import { making, type Mutant, mutateAllocator } from "./mutant.ts";
import { alwaysRecycling, withoutFence } from "./recycle_family.ts";

export const recycleMutants: readonly Mutant[] = [
  mutateAllocator({
    name: "recycles_mid_write",
    fault: "Recycling acts between page boundaries, while the tail page is being written",
    origin: "field",
    violates: ["recycle/page-boundary"],
    killedBy: ["allocator:recycle:tail_race"],
  }, (good, { pageSizeTokens }) => ({
    recycle: (o) => {
      const lengthTokens = Math.floor(o.lengthTokens / pageSizeTokens) * pageSizeTokens;
      const nextPositionTokens = Math.min(o.nextPositionTokens, lengthTokens);
      return good.recycle({ ...o, lengthTokens, nextPositionTokens });
    },
  })),
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
  }, making(({ windowTokens }) => ({ windowTokens: Math.max(1, windowTokens - 1) }))),
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
];
