/** This project's allocator with what stands around it in an engine: requests, copies, prefixes. */
import {
  admit,
  admitWithPrefix,
  AllocatorError,
  type AllocatorOptions,
  type CacheAllocator,
  createAllocator,
  createPrefixCache,
  extend,
  extendWithPrefixOnEveryRank,
  findPrefix,
  type HeadMap,
  headMapFromLayers,
  headMapFromPattern,
  insertPrefix,
  type PageOutcome,
  type PrefixCache,
  release,
  releaseWithPrefix,
  shardHeadMap,
  shardHeads,
  type Slot,
} from "../../allocator/mod.ts";
import type { AdmitCommand, CacheSpec, PrefixCommand, ReleaseCommand } from "../subject.ts";

/** An allocator, and what stands around it in an engine. */
export interface Held {
  readonly allocator: CacheAllocator;
  /** Shared prefixes, where they are asked for. */
  readonly cache: PrefixCache | null;
  /** The rows as the step that was opened last reads them. */
  readonly workerTable: Int32Array;
  /** Request of each slot, by the handle that moves with it. */
  readonly requests: Map<number, number>;
}

/** Makes an allocator; throws where a spec cannot be. */
export function createFromSpec(spec: CacheSpec): Held {
  const { ranks, rank } = spec.tensorParallel;
  shardHeads({
    kvHeadsGlobal: spec.kvHeads,
    queryHeadsGlobal: spec.queryHeads,
    tensorParallel: ranks,
    rank,
  });
  const options: AllocatorOptions = {
    layout: spec.layout,
    heads: headsOfRank(spec),
    slots: spec.slots,
    pagesPerHead: spec.pagesPerHead,
    pageSizeTokens: spec.pageSizeTokens,
    modelLengthTokens: spec.modelLengthTokens,
    ...(spec.columns === null ? {} : { columns: spec.columns }),
    preallocatedPages: spec.preallocatedPages,
    recycle: spec.recycle,
    draftTables: spec.draftTables,
    pageOrder: spec.shuffleSeed === null
      ? { kind: "identity" }
      : { kind: "shuffled", seed: spec.shuffleSeed },
  };
  const cache = spec.prefixSharing
    ? createPrefixCache({ ...options, blockTokens: spec.pageSizeTokens })
    : null;
  const allocator = cache?.allocator ?? createAllocator(options);
  const workerTable = allocator.table.ids.slice();
  return { allocator, cache, workerTable, requests: new Map() };
}

/** A pattern is resolved over the rank's own heads, a list over the model's. */
function headsOfRank(spec: CacheSpec): HeadMap {
  const { ranks, rank } = spec.tensorParallel;
  if (spec.heads.kind === "layers") {
    return shardHeadMap(resolveHeads(spec), { tensorParallel: ranks, rank });
  }
  return resolveHeads({ ...spec, kvHeads: Math.max(1, spec.kvHeads / ranks) });
}

/** Gives an empty slot to a request. */
export function admitRequest(held: Held, o: AdmitCommand & { readonly slot: Slot }): PageOutcome {
  const { allocator, cache, requests } = held;
  requireTokens(o);
  const preallocate = allocator.options.preallocatedPages > 0;
  const outcome = cache === null
    ? admit(allocator, o.slot, o.lengthTokens, { preallocate })
    : admitWithPrefix(cache, o.slot, { ...o, match: findPrefix(cache, [], 0) });
  if (outcome.kind === "allocated") nameRequest(held, o);
  else requests.delete(handleOf(held, o.slot));
  return outcome;
}

/** Ends a slot's request; throws where another request is named. */
export function releaseRequest(held: Held, o: ReleaseCommand & { readonly slot: Slot }): number {
  const handle = handleOf(held, o.slot);
  const owner = held.requests.get(handle);
  if (o.request !== undefined && o.request !== owner) {
    throw new AllocatorError(
      "slot/empty",
      { slot: o.slot, request: o.request },
      `Cannot release request ${o.request} from slot ${o.slot}: the slot's is ${owner ?? "none"}`,
    );
  }
  const pages = held.cache === null
    ? release(held.allocator, o.slot)
    : releaseWithPrefix(held.cache, o.slot);
  held.requests.delete(handle);
  return pages;
}

/** An engine has no request without a token, whatever the allocator's own calls take. */
function requireTokens(o: { readonly slot: Slot; readonly lengthTokens: number }): void {
  if (o.lengthTokens !== 0) return;
  throw new AllocatorError(
    "length/invalid",
    o,
    `Cannot admit a request of "0" tokens to slot "${o.slot}": give at least 1`,
  );
}

function nameRequest(held: Held, o: AdmitCommand & { readonly slot: Slot }): void {
  if (o.request === undefined) held.requests.delete(handleOf(held, o.slot));
  else held.requests.set(handleOf(held, o.slot), o.request);
}

function handleOf({ allocator }: Held, slot: Slot): number {
  return allocator.state.handles[slot] ?? slot;
}

function prefixCacheOf({ cache }: Held): PrefixCache {
  if (cache !== null) return cache;
  throw new AllocatorError(
    "options/invalid",
    { prefixSharing: false },
    "Cannot share a prefix: the allocator was made without prefixSharing",
  );
}

/** Caches the complete blocks of a slot. */
export function cachePrefix(
  held: Held,
  slot: Slot,
  o: PrefixCommand & { cachedTokens: number },
): number {
  const { blocks, cachedTokens } = o;
  const checkpoints = [blocks.length];
  return insertPrefix(prefixCacheOf(held), slot, { blocks, cachedTokens, checkpoints });
}

/** Gives an empty slot to a request whose first blocks may be cached. */
export function admitShared(
  held: Held,
  slot: Slot,
  o: PrefixCommand & { lengthTokens: number },
): { readonly outcome: PageOutcome; readonly hitTokens: number } {
  const cache = prefixCacheOf(held);
  requireTokens({ ...o, slot });
  const match = findPrefix(cache, o.blocks, o.lengthTokens - 1);
  const outcome = admitWithPrefix(cache, slot, { lengthTokens: o.lengthTokens, match });
  return { outcome, hitTokens: match.hitTokens };
}

/** Grows a slot's request. */
export function extendRequest(held: Held, slot: Slot, o: { lengthTokens: number }): PageOutcome {
  const { allocator, cache } = held;
  if (cache !== null) return extendWithPrefixOnEveryRank([cache], slot, o);
  const preallocate = allocator.options.preallocatedPages > 0;
  return extend(allocator, slot, o.lengthTokens, { preallocate });
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
