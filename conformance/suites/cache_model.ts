/**
 * A naive model of an allocator: what every row must look like, worked out from the clauses alone
 * and column by column. It knows which columns hold a page and never which page.
 *
 * Letters: Lg layer groups, B slots, H KV heads, M columns, N pages per head, P tokens per page,
 * W window, S sink tokens.
 */
import type { HeadKind } from "../../allocator/mod.ts";
import { DEFAULT_POLICIES, type Policies } from "../policies.ts";
import type { CacheSpec } from "../subject.ts";
import { resolveKinds } from "./resolve_kinds.ts";

/** What a slot of the model holds. */
export interface ModelSlot {
  /** Tokens; 0 when empty. */
  lengthTokens: number;
  /** Columns that hold or held a page: [0, pages). */
  pages: number;
  /** For each (group, head): columns that were recycled. */
  recycled: Set<number>[];
}

/** Pages that wait until the steps that were open when they were freed have completed. */
interface WaitingPages {
  readonly pool: number;
  readonly pages: number;
  readonly steps: Set<number>;
}

export interface CacheModel {
  /** What it was made from. */
  readonly spec: CacheSpec;
  /** What its allocator declares. */
  readonly policies: Policies;
  /** Kind of each (group, head). */
  readonly kinds: readonly (readonly HeadKind[])[];
  /** B slots. */
  readonly slots: ModelSlot[];
  readonly openSteps: Set<number>;
  waiting: WaitingPages[];
}

/** Makes an empty model; the spec must be one that an allocator accepts. */
export function createModel(spec: CacheSpec, policies: Policies = DEFAULT_POLICIES): CacheModel {
  const kinds = resolveKinds(spec, policies);
  return {
    spec,
    policies,
    kinds,
    slots: Array.from({ length: spec.slots }, () => emptySlot(kinds)),
    openSteps: new Set(),
    waiting: [],
  };
}

/** Pages of `lengthTokens` tokens. */
export function pagesOf(model: CacheModel, lengthTokens: number): number {
  return Math.ceil(lengthTokens / model.spec.pageSizeTokens);
}

/** Number of pools: one for each (group, head) with the headwise layout, otherwise one. */
export function poolCount(model: CacheModel): number {
  return model.spec.layout === "headwise" ? rowsPerSlot(model) : 1;
}

/** Pages of one pool. */
export function poolCapacity(model: CacheModel): number {
  const { layout, pagesPerHead } = model.spec;
  return layout === "pooled" ? pagesPerHead * rowsPerSlot(model) : pagesPerHead;
}

/** Pool that the row of (group, head) `row` draws from. */
export function poolOfRow(model: CacheModel, row: number): number {
  return model.spec.layout === "headwise" ? row : 0;
}

/** Rows that one slot has in the table: Lg·H, or one with the uniform layout. */
export function tableRowsPerSlot(model: CacheModel): number {
  return model.spec.layout === "uniform" ? 1 : rowsPerSlot(model);
}

/** Free pages of every pool. */
export function freePagesOfAll(model: CacheModel): number[] {
  return Array.from({ length: poolCount(model) }, (_, pool) => freePagesOf(model, pool));
}

/** Free pages of a pool. */
export function freePagesOf(model: CacheModel, pool: number): number {
  let held = 0;
  for (const slot of model.slots) {
    for (let row = 0; row < tableRowsPerSlot(model); row++) {
      if (poolOfRow(model, row) === pool) {
        held += slot.pages - (slot.recycled[row]?.size ?? 0);
      }
    }
  }
  return poolCapacity(model) - held - waitingPagesOf(model, pool);
}

/** Pages that slots hold, over all pools. */
export function heldPages(model: CacheModel): number {
  return model.slots.reduce((sum, { pages, recycled }) => {
    const rows = recycled.slice(0, tableRowsPerSlot(model));
    return sum + rows.reduce((held, columns) => held + pages - columns.size, 0);
  }, 0);
}

/** Pages of a pool that wait for a step. */
export function waitingPagesOf(model: CacheModel, pool: number): number {
  return model.waiting.reduce((sum, entry) => sum + (entry.pool === pool ? entry.pages : 0), 0);
}

/** The availability that is declared; null where there is none. */
export function availabilityOf(model: CacheModel): number | null {
  const pools = freePagesOfAll(model);
  switch (model.policies.availability) {
    case "none":
      return null;
    case "uniform-pages":
      return Math.min(...pools) / poolCapacity(model);
    case "heads":
      return pools.reduce((sum, free) => sum + free, 0) / (pools.length * poolCapacity(model));
    default:
      return model.policies.availability satisfies never;
  }
}

/** Pages that a pool has to give for `pages` more columns of a slot. */
export function needOf(model: CacheModel, pages: number): number {
  return model.spec.layout === "pooled" ? pages * rowsPerSlot(model) : pages;
}

/** Grows a slot of the model; the caller knows that the pools have the pages. */
export function growModel(model: CacheModel, slot: number, lengthTokens: number): void {
  const state = slotOf(model, slot);
  state.lengthTokens = lengthTokens;
  state.pages = Math.max(state.pages, pagesOf(model, lengthTokens));
}

/** Columns of (group, head) `row` that are dead, whether recycled already or not. */
export function deadColumns(model: CacheModel, row: number, nextPositionTokens: number): number[] {
  const { pageSizeTokens, windowTokens, sinkTokens } = model.spec;
  if (!isWindowRow(model, row) || windowTokens === 0) {
    return [];
  }
  const dead: number[] = [];
  for (let page = Math.ceil(sinkTokens / pageSizeTokens);; page++) {
    if ((page + 1) * pageSizeTokens > nextPositionTokens - windowTokens + 1) {
      return dead;
    }
    dead.push(page);
  }
}

/** Recycles a slot of the model; gives the number of pages freed. */
export function recycleModel(
  model: CacheModel,
  slot: number,
  o: { nextPositionTokens: number; lengthTokens: number },
): number {
  const { recycle, pageSizeTokens } = model.spec;
  const atBoundary = o.lengthTokens % pageSizeTokens === 0;
  if (!recycle || (model.policies.recycleMoment === "boundary" && !atBoundary)) {
    return 0;
  }
  const state = slotOf(model, slot);
  let freed = 0;
  for (let row = 0; row < tableRowsPerSlot(model); row++) {
    const recycled = state.recycled[row] ?? new Set();
    const dead = deadColumns(model, row, o.nextPositionTokens)
      .filter((page) => page < state.pages && !recycled.has(page));
    for (const page of dead) {
      recycled.add(page);
    }
    freePages(model, poolOfRow(model, row), dead.length);
    freed += dead.length;
  }
  return freed;
}

/** Ends a slot's request in the model; gives the number of pages that it held. */
export function releaseModel(model: CacheModel, slot: number): number {
  const state = slotOf(model, slot);
  let released = 0;
  for (let row = 0; row < tableRowsPerSlot(model); row++) {
    const held = state.pages - (state.recycled[row]?.size ?? 0);
    freePages(model, poolOfRow(model, row), held);
    released += held;
  }
  model.slots[slot] = emptySlot(model.kinds);
  return released;
}

/** Makes slot i what slot permutation[i] was. */
export function reorderModel(model: CacheModel, permutation: readonly number[]): void {
  const before = [...model.slots];
  permutation.forEach((from, to) => {
    model.slots[to] = before[from] ?? emptySlot(model.kinds);
  });
}

/** Completes a step of the model. */
export function completeModelStep(model: CacheModel, step: number): void {
  model.openSteps.delete(step);
  for (const entry of model.waiting) {
    entry.steps.delete(step);
  }
  model.waiting = model.waiting.filter((entry) => entry.steps.size > 0);
}

export function slotOf(model: CacheModel, slot: number): ModelSlot {
  const state = model.slots[slot];
  if (state === undefined) {
    throw new RangeError(`Cannot model slot "${slot}": there are ${model.slots.length}`);
  }
  return state;
}

/** A uniform row serves all heads, so it has dead pages only where every head keeps a window. */
function isWindowRow(model: CacheModel, row: number): boolean {
  const kinds = model.kinds.flat();
  return model.spec.layout === "uniform"
    ? kinds.every((kind) => kind === "window")
    : kinds[row] === "window";
}

function rowsPerSlot(model: CacheModel): number {
  return model.kinds.length * (model.kinds[0]?.length ?? 0);
}

function emptySlot(kinds: readonly (readonly HeadKind[])[]): ModelSlot {
  return { lengthTokens: 0, pages: 0, recycled: kinds.flat().map(() => new Set()) };
}

function freePages(model: CacheModel, pool: number, pages: number): void {
  if (pages > 0 && model.openSteps.size > 0) {
    model.waiting.push({ pool, pages, steps: new Set(model.openSteps) });
  }
}
