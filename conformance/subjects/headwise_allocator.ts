/** This project's allocator behind the command interface. */
import {
  admit,
  AllocatorError,
  availability,
  beginStep,
  type CacheAllocator,
  canAdmit,
  checkHeldStretch,
  completeStep,
  condenseSlots,
  createAllocator,
  extend,
  type HeadMap,
  HeadMapError,
  headMapFromLayers,
  headMapFromPattern,
  IdSpaceError,
  listActiveSlots,
  PageError,
  type PageOutcome,
  putPage,
  QUARANTINED_PAGE,
  recycle,
  release,
  reorderSlots,
  shardHeadMap,
  shardHeads,
  type Slot,
  StepError,
  type StepId,
  swapSlots,
  TableError,
  TensorParallelError,
  toPageKey,
  toSlot,
  validateTable,
} from "../../allocator/mod.ts";
import type {
  AllocatorSnapshot,
  AllocatorSubject,
  CacheSpec,
  Capability,
  PageReply,
  Reply,
  TableDump,
  TableFault,
} from "../subject.ts";

/** What {@linkcode createHeadwiseAllocator} can do. */
export const HEADWISE_ALLOCATOR_CAPABILITIES: readonly Capability[] = [
  "allocator.uniform",
  "allocator.headwise",
  "allocator.pooled",
  "allocator.layer_groups",
  "allocator.draft",
  "allocator.fence",
  "allocator.recycle",
  "allocator.return_pages",
  "allocator.tensor_parallel",
  "validator",
];

const REFUSALS = [
  AllocatorError,
  HeadMapError,
  IdSpaceError,
  PageError,
  StepError,
  TableError,
  TensorParallelError,
];

/**
 * Puts this project's allocator behind the command interface.
 *
 * @returns A subject; it has no allocator before `create`.
 *
 * @example A refused configuration
 * ```ts
 * import { createHeadwiseAllocator } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const reply = await createHeadwiseAllocator().shard({
 *   kvHeadsGlobal: 4,
 *   queryHeadsGlobal: 12,
 *   ranks: 3,
 *   rank: 0,
 * });
 * assert.equal(reply.kind, "refused");
 * ```
 */
export function createHeadwiseAllocator(): AllocatorSubject {
  let current: CacheAllocator | null = null;
  const allocator = (): CacheAllocator => {
    if (current === null) {
      throw new Error("Cannot run a command: there is no allocator; send create first");
    }
    return current;
  };
  const slotOf = (slot: number): Slot => toSlot(slot, { limit: allocator().options.slots });
  return {
    create: (spec) =>
      attempt(() => {
        current = createFromSpec(spec);
        return null;
      }),
    admit: (o) =>
      attemptPages(() => {
        const preallocate = allocator().options.preallocatedPages > 0;
        return admit(allocator(), slotOf(o.slot), o.lengthTokens, { preallocate });
      }),
    extend: (o) =>
      attemptPages(() => {
        const preallocate = allocator().options.preallocatedPages > 0;
        return extend(allocator(), slotOf(o.slot), o.lengthTokens, { preallocate });
      }),
    recycle: (o) => attempt(() => recycle(allocator(), slotOf(o.slot), o)),
    release: (o) => attempt(() => release(allocator(), slotOf(o.slot))),
    swap: (o) =>
      attempt(() => {
        swapSlots(allocator(), slotOf(o.first), slotOf(o.second));
        return null;
      }),
    condense: (o) => attempt(() => condense(allocator(), o.active)),
    reorder: (o) =>
      attempt(() => {
        reorderSlots(allocator(), o.permutation);
        return null;
      }),
    beginStep: () => attempt(() => beginStep(allocator())),
    completeStep: (o) =>
      attempt(() => {
        completeStep(allocator(), o.step as StepId);
        return null;
      }),
    returnPages: (o) =>
      attempt(() => {
        returnPages(allocator(), o);
        return null;
      }),
    canAdmit: (o) => attempt(() => canAdmit(allocator(), o)),
    snapshot: () => Promise.resolve(takeSnapshot(allocator())),
    shard: (o) =>
      attempt(() => {
        const { kvHeads, queryHeads } = shardHeads({ ...o, tensorParallel: o.ranks });
        return { kvHeads, queryHeads };
      }),
    validate: (o) => Promise.resolve(validate(o)),
  };
}

function createFromSpec(spec: CacheSpec): CacheAllocator {
  const { ranks, rank } = spec.tensorParallel;
  shardHeads({
    kvHeadsGlobal: spec.kvHeads,
    queryHeadsGlobal: spec.queryHeads,
    tensorParallel: ranks,
    rank,
  });
  return createAllocator({
    layout: spec.layout,
    heads: shardHeadMap(resolveHeads(spec), { tensorParallel: ranks, rank }),
    slots: spec.slots,
    pagesPerHead: spec.pagesPerHead,
    pageSizeTokens: spec.pageSizeTokens,
    modelLengthTokens: spec.modelLengthTokens,
    ...(spec.columns === null ? {} : { columns: spec.columns }),
    preallocatedPages: spec.preallocatedPages,
    recycle: spec.recycle,
    prefixSharing: spec.prefixSharing,
    draftTables: spec.draftTables,
    pageOrder: spec.shuffleSeed === null
      ? { kind: "identity" }
      : { kind: "shuffled", seed: spec.shuffleSeed },
  });
}

function resolveHeads(spec: CacheSpec): HeadMap {
  const { layers, kvHeads, windowTokens, sinkTokens, heads } = spec;
  return heads.kind === "layers"
    ? headMapFromLayers({ kindsByLayer: heads.kindsByLayer, windowTokens, sinkTokens })
    : headMapFromPattern({
      layers,
      kvHeads,
      pattern: heads.pattern,
      ratio: heads.ratio,
      windowTokens,
      sinkTokens,
    });
}

function condense(allocator: CacheAllocator, active: readonly boolean[]): Int32Array {
  const { slots } = allocator.options;
  const listed = new Int32Array(slots);
  listActiveSlots(allocator, listed);
  const expected = active.flatMap((flag, slot) => flag ? [slot] : []).join();
  const known = listed.filter((slot) => slot >= 0).join();
  if (expected !== known) {
    throw new AllocatorError(
      "slot/order",
      { expected, known },
      `Cannot condense the slots "${expected}": the active ones are "${known}"`,
    );
  }
  const moves = new Int32Array(2 * slots);
  const count = condenseSlots(allocator, { moves });
  const order = Int32Array.from({ length: slots }, (_, slot) => slot);
  for (let move = 0; move < count; move++) {
    const from = moves[2 * move] ?? 0;
    const to = moves[2 * move + 1] ?? 0;
    [order[from], order[to]] = [order[to] ?? 0, order[from] ?? 0];
  }
  return order;
}

function returnPages(allocator: CacheAllocator, o: { pool: number; ids: Int32Array }): void {
  const { pools } = allocator.state;
  const base = o.pool * pools.pagesPerPool;
  const owner = pools.owners[base + (o.ids[0] ?? 0)] ?? QUARANTINED_PAGE;
  checkHeldStretch(pools, o.ids, o.pool, owner, 0, o.ids.length);
  for (const id of o.ids) {
    putPage(pools, toPageKey(pools.pagesPerPool, o.pool, id));
  }
}

function takeSnapshot(allocator: CacheAllocator): AllocatorSnapshot {
  const { table, draftTable, state } = allocator;
  const { pools, pagesPerPool, owners, freeCounts } = state.pools;
  const waitingPages = new Int32Array(pools);
  for (const [key, owner] of owners.entries()) {
    if (owner === QUARANTINED_PAGE) {
      const pool = Math.floor(key / pagesPerPool);
      waitingPages[pool] = (waitingPages[pool] ?? 0) + 1;
    }
  }
  return {
    layout: table.layout,
    layerGroups: table.layerGroups,
    slots: table.slots,
    kvHeads: table.kvHeads,
    columns: table.columns,
    table: table.ids.slice(),
    draftTable: draftTable?.ids.slice() ?? null,
    freePages: freeCounts.slice(),
    waitingPages,
    lengthsTokens: state.lengthsTokens.slice(),
    availability: availability(allocator),
  };
}

function validate(o: TableDump): TableFault[] {
  const windowTokens = Math.max(0, ...o.headWindows);
  const kinds = Array.from(o.headWindows, (window) => window > 0 ? "window" : "full");
  const violations = validateTable({
    table: {
      layout: o.layout,
      layerGroups: 1,
      slots: o.slots,
      kvHeads: o.headWindows.length,
      columns: o.columns,
      ids: o.table,
    },
    pagesPerHead: o.pagesPerHead,
    pageSizeTokens: o.pageSizeTokens,
    heads: {
      kvHeads: o.headWindows.length,
      windowTokens,
      sinkTokens: o.sinkTokens,
      groups: [{ layers: [0], kinds }],
    } as HeadMap,
    lengthsTokens: o.lengthsTokens,
    uniformColumns: o.uniformColumns,
  });
  return violations.map(({ message: _, ...fault }) => fault);
}

function attempt<T>(command: () => T): Promise<Reply<T>> {
  return Promise.resolve().then((): Reply<T> => ({ kind: "ok", value: command() })).catch(refuse);
}

function attemptPages(command: () => PageOutcome): Promise<PageReply> {
  return Promise.resolve().then((): PageReply => {
    const outcome = command();
    switch (outcome.kind) {
      case "allocated":
        return { kind: "allocated" };
      case "shortage": {
        const { need, free, capacity } = outcome.shortage;
        return { kind: "shortage", need, free, capacity };
      }
      case "refused": {
        const message = `Cannot hold ${outcome.lengthTokens} of ${outcome.limitTokens} tokens`;
        return { kind: "refused", code: outcome.reason, message };
      }
      default:
        return outcome satisfies never;
    }
  }).catch(refuse);
}

function refuse(error: unknown): { kind: "refused"; code: string; message: string } {
  if (error instanceof Error && REFUSALS.some((kind) => error instanceof kind)) {
    const code = "code" in error ? String(error.code) : error.name;
    return { kind: "refused", code, message: error.message };
  }
  throw error;
}
