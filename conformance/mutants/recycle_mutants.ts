/** Allocators that recycle wrongly, one fault each. */
import { type Mutant, mutateAllocator } from "./mutant.ts";

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
    origin: "own",
    violates: ["recycle/in-flight"],
    killedBy: ["allocator:recycle:in_flight"],
  }, () => {
    let next = 0;
    return {
      beginStep: () => Promise.resolve({ kind: "ok", value: next++ }),
      completeStep: () => Promise.resolve({ kind: "ok", value: null }),
    };
  }),
  mutateAllocator({
    name: "recycles_full_heads",
    fault: "Recycling frees pages of full heads too",
    origin: "own",
    violates: ["recycle/window-only", "mask/head-kinds"],
    killedBy: ["allocator:recycle:dead_pages", "allocator:head_kinds:pattern"],
  }, (good) => ({
    create: (spec) =>
      good.create(
        spec.heads.kind === "pattern" ? { ...spec, heads: { ...spec.heads, ratio: 1 } } : spec,
      ),
  })),
  mutateAllocator({
    name: "window_off_by_one",
    fault: "Recycling counts W without the query's own key",
    origin: "own",
    violates: ["recycle/window-only", "sentinel/only-when-dead"],
    killedBy: ["allocator:recycle:dead_pages", "allocator:recycle:live_range"],
  }, (good) => ({
    create: (spec) => good.create({ ...spec, windowTokens: Math.max(1, spec.windowTokens - 1) }),
  })),
  mutateAllocator({
    name: "sinks_recycled",
    fault: "Recycling frees the pages of sink tokens",
    origin: "own",
    violates: ["recycle/window-only", "sentinel/only-when-dead"],
    killedBy: ["allocator:recycle:dead_pages", "allocator:recycle:live_range"],
  }, (good) => ({ create: (spec) => good.create({ ...spec, sinkTokens: 0 }) })),
  mutateAllocator({
    name: "recycles_when_off",
    fault: "Recycling cannot be switched off",
    origin: "own",
    violates: ["recycle/off"],
    killedBy: ["allocator:recycle:nothing_dead:why=off;*"],
  }, (good) => ({
    create: (spec) =>
      good.create({
        ...spec,
        recycle: true,
        heads: spec.recycle ? spec.heads : { kind: "pattern", pattern: "first", ratio: 1 },
      }),
  })),
  mutateAllocator({
    name: "prefix_sharing_with_recycling",
    fault: "Prefix sharing is accepted together with recycling",
    origin: "own",
    violates: ["prefix/window"],
    killedBy: ["allocator:recycle:prefix_sharing"],
    lacks: ["allocator.prefix_sharing"],
  }, (good) => ({ create: (spec) => good.create({ ...spec, prefixSharing: false }) })),
  mutateAllocator({
    name: "groups_alike",
    fault: "Every layer is taken to have the window heads of the first",
    origin: "own",
    violates: ["layout/per-layer-groups"],
    killedBy: ["allocator:table:layer_groups"],
  }, (good) => ({
    create: (spec) => {
      const { heads } = spec;
      if (heads.kind === "pattern") return good.create(spec);
      const [first = []] = heads.kindsByLayer;
      return good.create({
        ...spec,
        heads: { kind: "layers", kindsByLayer: heads.kindsByLayer.map(() => first) },
      });
    },
  })),
];
