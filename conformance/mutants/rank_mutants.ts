/** Allocators whose ranks and head kinds are configured wrongly, and validators that see nothing. */
import type { CacheSpec, ShardCommand, ShardReply } from "../subject.ts";
import { HEAD_LAYOUTS } from "../suites/cache_spec.ts";
import { allocatorFamily, layoutFamily } from "./family.ts";
import { type AllocatorFault, making, type Mutant, mutateAllocator } from "./mutant.ts";

/** The kinds of a pattern, as a list over the heads of the model, or over those of a rank. */
export function listed(
  spec: CacheSpec,
  count: (heads: number, ratio: number) => number,
  heads = spec.kvHeads,
): CacheSpec {
  if (spec.heads.kind !== "pattern" || !(spec.heads.ratio >= 0 && spec.heads.ratio <= 1)) {
    return spec;
  }
  const { pattern, ratio } = spec.heads;
  const windows = Math.min(heads, count(heads, ratio));
  const kinds = Array.from({ length: spec.kvHeads }, (_, index) => {
    const head = index % heads;
    return (pattern === "first" ? head < windows : head >= heads - windows) ? "window" : "full";
  });
  const kindsByLayer = Array.from({ length: spec.layers }, () => kinds);
  return { ...spec, heads: { kind: "layers", kindsByLayer } };
}

/** Shards wrongly where there are more ranks than KV heads. */
function replicating(change: (o: ShardCommand) => Partial<ShardReply>): AllocatorFault {
  return (good) => ({
    shard: async (o) => {
      const reply = await good.shard(o);
      if (reply.kind === "refused" || o.kvHeadsGlobal >= o.ranks) return reply;
      return { kind: "ok", value: { ...reply.value, ...change(o) } };
    },
  });
}

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
  ...layoutFamily({
    name: "head_count",
    violates: ["mask/head-kinds", "declare/policy"],
    variants: {
      nearest: Math.round,
      ceil: Math.ceil,
      at_least_one: (exact: number) => Math.max(1, Math.floor(exact)),
    },
    fault: (how) => `a ratio is rounded otherwise than declared: ${how}`,
    test: "allocator:head_kinds:pattern",
    layouts: HEAD_LAYOUTS,
  }, (good, _, round) => ({
    create: (spec) => good.create(listed(spec, (heads, ratio) => round(heads * ratio))),
  })),
  ...layoutFamily({
    name: "pattern_over_the_model",
    origin: "field",
    violates: ["mask/head-kinds"],
    fault: "a pattern takes the first heads of the model, not of the rank",
    test: "allocator:tensor_parallel:pattern",
    layouts: HEAD_LAYOUTS,
  }, making((spec) => listed(spec, (heads, ratio) => Math.floor(heads * ratio)))),
  ...layoutFamily(
    {
      name: "list_of_rank_0",
      origin: "field",
      violates: ["mask/head-kinds"],
      fault: "every rank takes the kinds of the first rank's heads",
      test: "allocator:tensor_parallel:list",
      layouts: HEAD_LAYOUTS,
    },
    making(({ heads, tensorParallel }) =>
      heads.kind === "layers" ? { tensorParallel: { ...tensorParallel, rank: 0 } } : {}
    ),
  ),
  ...layoutFamily({
    name: "ranks_size_own_pools",
    origin: "field",
    violates: ["tp/rank-agreement"],
    fault: "each rank sizes its pools by the memory that it finds free",
    test: "allocator:tensor_parallel:agreement",
    layouts: HEAD_LAYOUTS,
  }, making((spec) => ({ pagesPerHead: spec.pagesPerHead - spec.tensorParallel.rank }))),
  ...allocatorFamily(
    { name: "shard", violates: ["tp/divisible"] },
    [
      {
        label: "floors_replicated_query_heads",
        fault: "Query heads that do not divide are floored where KV heads are replicated",
        killedBy: ["allocator:tensor_parallel:indivisible:command=shard;heads=2-6-4"],
        accepts: (o: ShardCommand) => o.kvHeadsGlobal < o.ranks && o.rank >= 0 && o.rank < o.ranks,
      },
      {
        label: "takes_one_rank_more",
        fault: "The number of ranks is taken for a rank",
        killedBy: ["allocator:tensor_parallel:bad_rank:command=shard;*"],
        accepts: (o: ShardCommand) => o.rank === o.ranks,
      },
    ],
    ({ accepts }) => (good) => ({
      shard: async (o) => {
        const reply = await good.shard(o);
        if (reply.kind === "ok" || !accepts(o)) return reply;
        const kvHeads = Math.max(1, Math.floor(o.kvHeadsGlobal / o.ranks));
        return {
          kind: "ok",
          value: { kvHeads, queryHeads: Math.floor(o.queryHeadsGlobal / o.ranks) },
        };
      },
    }),
  ),
  mutateAllocator(
    {
      name: "replicated_heads_interleaved",
      fault: "With more ranks than KV heads, ranks take the heads in turns",
      violates: ["mask/head-kinds"],
      killedBy: ["allocator:tensor_parallel:list:ranks=16;*"],
    },
    making(({ kvHeads, tensorParallel: { ranks, rank } }) => {
      if (kvHeads >= ranks || ranks % kvHeads !== 0) return {};
      return { tensorParallel: { ranks, rank: rank % kvHeads * (ranks / kvHeads) } };
    }),
  ),
  mutateAllocator({
    name: "fewer_heads_than_ranks_sharded",
    fault: "With fewer KV heads than ranks the heads are divided, and a rank has none",
    origin: "field",
    violates: ["tp/divisible"],
    killedBy: ["allocator:tensor_parallel:divisible:kv=4;query=64;ranks=8"],
  }, replicating(({ rank, kvHeadsGlobal }) => ({ kvHeads: rank < kvHeadsGlobal ? 1 : 0 }))),
  mutateAllocator({
    name: "query_heads_not_sharded",
    fault: "Where KV heads are replicated every rank keeps all query heads",
    violates: ["tp/divisible"],
    killedBy: ["allocator:tensor_parallel:divisible"],
  }, replicating(({ queryHeadsGlobal }) => ({ queryHeads: queryHeadsGlobal }))),
];
