/** Allocators that are configured wrongly, and validators that see nothing. */
import { making, type Mutant, mutateAllocator } from "./mutant.ts";

export const rankMutants: readonly Mutant[] = [
  mutateAllocator({
    name: "divisibility_check_stripped",
    fault: "Heads that do not divide are floored, as when an assertion is compiled out",
    origin: "field",
    violates: ["tp/divisible"],
    killedBy: ["allocator:tensor_parallel:indivisible"],
  }, (good) => ({
    shard: (o) =>
      Promise.resolve({
        kind: "ok",
        value: {
          kvHeads: Math.max(1, Math.floor(o.kvHeadsGlobal / o.ranks)),
          queryHeads: Math.floor(o.queryHeadsGlobal / o.ranks),
        },
      }),
    create: (spec) => {
      const { ranks } = spec.tensorParallel;
      const floored = (heads: number): number => Math.max(ranks, Math.floor(heads / ranks) * ranks);
      return good.create({
        ...spec,
        kvHeads: spec.heads.kind === "layers" ? spec.kvHeads : floored(spec.kvHeads),
        queryHeads: spec.heads.kind === "layers" ? spec.queryHeads : floored(spec.queryHeads),
      });
    },
  })),
  mutateAllocator({
    name: "config_in_one_process",
    fault: "Recycling is switched on in the first rank's process alone",
    origin: "field",
    violates: ["tp/rank-agreement"],
    killedBy: ["allocator:tensor_parallel:agreement"],
  }, making((spec) => ({ recycle: spec.recycle && spec.tensorParallel.rank === 0 }))),
  mutateAllocator(
    {
      name: "ratio_clamped",
      fault: "A ratio outside [0, 1] is taken for the nearest one inside",
      origin: "field",
      violates: ["mask/head-kinds"],
      killedBy: ["allocator:head_kinds:bad_ratio"],
    },
    making(({ heads }) => ({
      heads: heads.kind === "pattern"
        ? { ...heads, ratio: Math.min(1, Math.max(0, heads.ratio || 0)) }
        : heads,
    })),
  ),
  mutateAllocator({
    name: "silent_validator",
    fault: "The validator finds nothing",
    violates: [
      "sentinel/only-minus-one",
      "sentinel/only-when-dead",
      "sentinel/tail",
      "pool/conservation",
      "shape/rows",
    ],
    killedBy: [
      "validator:table:bad_entry",
      "validator:table:live_hole",
      "validator:table:stale_tail",
      "validator:table:shared_page",
      "validator:table:bad_shape",
    ],
  }, () => ({ validate: () => Promise.resolve([]) })),
];
