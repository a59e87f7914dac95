/** Allocators with one fault each. */
import type { AllocatorSnapshot, CacheSpec } from "../subject.ts";
import { type Mutant, mutateAllocator } from "./mutant.ts";

const sharedHeap = mutateAllocator({
  name: "shared_heap",
  fault: "One heap of N pages serves all heads of the headwise layout",
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
      const freePages = Int32Array.from({ length: pools }, (_, pool) => pagesPerHead - held(pool));
      return { ...snapshot, layout: "headwise", freePages, waitingPages: new Int32Array(pools) };
    },
  };
});

const flatIds = mutateAllocator({
  name: "flat_ids_in_local_table",
  fault: "Global ids stand in a table whose kernel takes local ones",
  killedBy: ["allocator:table:id_spaces:layout=headwise;*", "allocator:table:row_major"],
}, (good) =>
  showing(good.snapshot, (snapshot) => ({
    table: snapshot.table.map((id, index) => {
      const head = Math.floor(index / snapshot.columns) % snapshot.kvHeads;
      return snapshot.layout === "headwise" && id >= 0 ? id + head * 32 : id;
    }),
  })));

const integerAvailability = mutateAllocator(
  {
    name: "availability_by_integer_division",
    fault: "Availability is an integer",
    killedBy: ["allocator:availability:real_number"],
  },
  (good) =>
    showing(good.snapshot, ({ availability }) => ({ availability: Math.floor(availability) })),
);

const legacyAvailability = mutateAllocator(
  {
    name: "availability_of_legacy_list",
    fault: "Availability is read from a list that the head-wise pools have emptied",
    killedBy: ["allocator:availability:real_number", "allocator:availability:uneven_heads"],
  },
  (good) =>
    showing(good.snapshot, (snapshot) => snapshot.layout === "uniform" ? {} : { availability: 0 }),
);

const swapLeavesRows = mutateAllocator({
  name: "swap_leaves_rows",
  fault: "A swap moves lengths and leaves the head-wise rows",
  killedBy: ["allocator:slots:swap"],
}, (good) => {
  const moved: [number, number][] = [];
  return {
    create: (spec) => {
      moved.length = 0;
      return good.create(spec);
    },
    swap: (o) => {
      moved.unshift([o.first, o.second]);
      return good.swap(o);
    },
    snapshot: async () => {
      const snapshot = await good.snapshot();
      return { ...snapshot, table: undoSwaps(snapshot, snapshot.table, moved) };
    },
  };
});

const draftNotSwapped = mutateAllocator({
  name: "draft_not_swapped",
  fault: "A swap leaves the draft model's table as it was",
  killedBy: ["allocator:slots:draft:move=swap;*"],
}, (good) => {
  const moved: [number, number][] = [];
  return {
    create: (spec) => {
      moved.length = 0;
      return good.create(spec);
    },
    swap: (o) => {
      moved.unshift([o.first, o.second]);
      return good.swap(o);
    },
    snapshot: async () => {
      const snapshot = await good.snapshot();
      const { draftTable } = snapshot;
      return draftTable === null
        ? snapshot
        : { ...snapshot, draftTable: undoSwaps(snapshot, draftTable, moved) };
    },
  };
});

const staleReorder = mutateAllocator({
  name: "stale_tail_after_reorder",
  fault: "A shorter row written over a longer one in a reorder keeps its end",
  killedBy: ["allocator:slots:reorder"],
}, (good) => {
  let before: Int32Array | null = null;
  return {
    create: (spec) => {
      before = null;
      return good.create(spec);
    },
    reorder: async (o) => {
      before = (await good.snapshot()).table;
      return await good.reorder(o);
    },
    snapshot: async () => withStale(await good.snapshot(), before),
  };
});

const staleReuse = mutateAllocator({
  name: "stale_tail_after_reuse",
  fault: "A shorter request in a used slot keeps the columns of the longer one",
  killedBy: ["allocator:table:tail", "allocator:abort:exact"],
}, (good) => {
  let before: Int32Array | null = null;
  return {
    create: (spec) => {
      before = null;
      return good.create(spec);
    },
    release: async (o) => {
      before = (await good.snapshot()).table;
      return await good.release(o);
    },
    snapshot: async () => withStale(await good.snapshot(), before),
  };
});

const strippedCheck = mutateAllocator({
  name: "divisibility_check_stripped",
  fault: "Heads that do not divide are floored, as when an assertion is compiled out",
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
}));

const midWrite = mutateAllocator({
  name: "recycles_mid_write",
  fault: "Recycling acts between page boundaries, while the tail page is being written",
  killedBy: ["allocator:recycle:tail_race"],
}, (good) => {
  let pageTokens = 16;
  return {
    create: (spec) => {
      pageTokens = spec.pageSizeTokens;
      return good.create(spec);
    },
    recycle: (o) => {
      const lengthTokens = Math.floor(o.lengthTokens / pageTokens) * pageTokens;
      const nextPositionTokens = Math.min(o.nextPositionTokens, lengthTokens);
      return good.recycle({ ...o, lengthTokens, nextPositionTokens });
    },
  };
});

const oneProcessConfig = mutateAllocator({
  name: "config_in_one_process",
  fault: "Recycling is switched on in the first rank's process alone",
  killedBy: ["allocator:tensor_parallel:agreement"],
}, (good) => ({
  create: (spec) =>
    good.create({ ...spec, recycle: spec.recycle && spec.tensorParallel.rank === 0 }),
}));

const clampedRatio = mutateAllocator({
  name: "ratio_clamped",
  fault: "A ratio outside [0, 1] is taken for the nearest one inside",
  killedBy: ["allocator:head_kinds:bad_ratio"],
}, (good) => ({
  create: (spec) => {
    const { heads } = spec;
    const clamped = heads.kind === "pattern"
      ? { ...heads, ratio: Math.min(1, Math.max(0, heads.ratio || 0)) }
      : heads;
    return good.create({ ...spec, heads: clamped });
  },
}));

const noFence = mutateAllocator({
  name: "no_fence",
  fault: "Freed pages are handed out while a step that reads them is in flight",
  killedBy: ["allocator:recycle:in_flight"],
}, (good) => {
  let next = 0;
  return {
    beginStep: () => Promise.resolve({ kind: "ok", value: next++ }),
    completeStep: () => Promise.resolve({ kind: "ok", value: null }),
    create: (spec) => good.create(spec),
  };
});

const halfAllocated = mutateAllocator({
  name: "half_allocated",
  fault: "A shortage leaves the pages that were there allocated",
  killedBy: ["allocator:pool:all_or_nothing"],
}, (good) => ({
  extend: async (o) => {
    const reply = await good.extend(o);
    if (reply.kind === "shortage") {
      await good.extend({ ...o, lengthTokens: o.lengthTokens - 16 });
    }
    return reply;
  },
}));

const freesFullHeads = mutateAllocator({
  name: "recycles_full_heads",
  fault: "Recycling frees pages of full heads too",
  killedBy: ["allocator:recycle:dead_pages", "allocator:head_kinds:pattern"],
}, (good) => ({
  create: (spec) =>
    good.create(
      spec.heads.kind === "pattern" ? { ...spec, heads: { ...spec.heads, ratio: 1 } } : spec,
    ),
}));

const narrowWindow = mutateAllocator({
  name: "window_off_by_one",
  fault: "Recycling counts W without the query's own key",
  killedBy: ["allocator:recycle:dead_pages", "allocator:recycle:live_range"],
}, (good) => ({
  create: (spec) => good.create({ ...spec, windowTokens: Math.max(1, spec.windowTokens - 1) }),
}));

const noSinks = mutateAllocator({
  name: "sinks_recycled",
  fault: "Recycling frees the pages of sink tokens",
  killedBy: ["allocator:recycle:dead_pages", "allocator:recycle:live_range"],
}, (good) => ({ create: (spec) => good.create({ ...spec, sinkTokens: 0 }) }));

const recyclesWhenOff = mutateAllocator({
  name: "recycles_when_off",
  fault: "Recycling cannot be switched off",
  killedBy: ["allocator:recycle:nothing_dead:why=off;*"],
}, (good) => ({
  create: (spec) =>
    good.create({
      ...spec,
      recycle: true,
      heads: spec.recycle ? spec.heads : { kind: "pattern", pattern: "first", ratio: 1 },
    }),
}));

const acceptsDoubleFree = mutateAllocator({
  name: "double_free_accepted",
  fault: "Any id may be returned any number of times",
  killedBy: ["allocator:pool:bad_return"],
}, () => ({ returnPages: () => Promise.resolve({ kind: "ok", value: null }) }));

const fullPrice = mutateAllocator({
  name: "window_heads_at_full_price",
  fault: "Admission counts window heads like full ones",
  killedBy: ["allocator:admission:window_heads"],
}, (good) => ({ canAdmit: (o) => good.canAdmit({ ...o, stepTokens: o.lengthTokens }) }));

const prefixWithRecycling = mutateAllocator({
  name: "prefix_sharing_with_recycling",
  fault: "Prefix sharing is accepted together with recycling",
  killedBy: ["allocator:recycle:prefix_sharing"],
}, (good) => ({ create: (spec) => good.create({ ...spec, prefixSharing: false }) }));

const silentValidator = mutateAllocator({
  name: "silent_validator",
  fault: "The validator finds nothing",
  killedBy: [
    "validator:table:bad_entry",
    "validator:table:live_hole",
    "validator:table:stale_tail",
    "validator:table:shared_page",
    "validator:table:bad_shape",
  ],
}, () => ({ validate: () => Promise.resolve([]) }));

/** Every allocator with a fault. */
export const allocatorMutants: readonly Mutant[] = [
  sharedHeap,
  flatIds,
  integerAvailability,
  legacyAvailability,
  swapLeavesRows,
  draftNotSwapped,
  staleReorder,
  staleReuse,
  strippedCheck,
  midWrite,
  oneProcessConfig,
  clampedRatio,
  noFence,
  halfAllocated,
  freesFullHeads,
  narrowWindow,
  noSinks,
  recyclesWhenOff,
  acceptsDoubleFree,
  fullPrice,
  prefixWithRecycling,
  silentValidator,
];

/** Shows part of every snapshot differently. */
function showing(
  snapshot: () => Promise<AllocatorSnapshot>,
  change: (snapshot: AllocatorSnapshot) => Partial<AllocatorSnapshot>,
): { snapshot: () => Promise<AllocatorSnapshot> } {
  return {
    snapshot: async () => {
      const good = await snapshot();
      return { ...good, ...change(good) };
    },
  };
}

/** Entries of one slot in one layer group. */
function slotStride(snapshot: AllocatorSnapshot): number {
  return snapshot.columns * (snapshot.layout === "uniform" ? 1 : snapshot.kvHeads);
}

/** The table with the newest swaps taken back, group by group. */
function undoSwaps(
  snapshot: AllocatorSnapshot,
  table: Int32Array,
  moved: readonly (readonly [number, number])[],
): Int32Array {
  const shown = table.slice();
  const stride = slotStride(snapshot);
  for (let start = 0; start < table.length; start += stride * snapshot.slots) {
    for (const [first, second] of moved) {
      const left = shown.slice(start + first * stride, start + (first + 1) * stride);
      shown.copyWithin(
        start + first * stride,
        start + second * stride,
        start + (second + 1) * stride,
      );
      shown.set(left, start + second * stride);
    }
  }
  return shown;
}

/** Fills holes with what stood there before. */
function withStale(snapshot: AllocatorSnapshot, before: Int32Array | null): AllocatorSnapshot {
  const table = snapshot.table.map((id, index) => id < 0 ? before?.[index] ?? id : id);
  return { ...snapshot, table };
}
