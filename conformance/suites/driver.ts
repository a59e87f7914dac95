/**
 * Drives an allocator and the model side by side: every command goes to both, every answer is
 * judged, and the whole state is compared after each.
 */
import { requireEqual, requireThat } from "../acceptance.ts";
import { Mismatch } from "../outcome.ts";
import type { JudgedAllocator } from "../guard.ts";
import type { AllocatorSnapshot, CacheSpec, PageReply, Reply } from "../subject.ts";
import {
  type CacheModel,
  completeModelStep,
  createModel,
  freePagesOf,
  growModel,
  heldPages,
  needOf,
  pagesOf,
  poolCapacity,
  poolCount,
  recycleModel,
  releaseModel,
  reorderModel,
  slotOf,
} from "./cache_model.ts";
import { cacheSpec } from "./cache_spec.ts";
import { checkSnapshot } from "./check_snapshot.ts";
import { resolveKinds } from "./resolve_kinds.ts";
import { takeSnapshot } from "./take_snapshot.ts";

/** An allocator with its model. */
export interface Driver {
  readonly allocator: JudgedAllocator;
  /** What it must look like. */
  readonly model: CacheModel;
  /** M of the allocator. */
  readonly columns: number;
}

/** Makes an empty allocator and its model, of the control's spec with some changes. */
export async function createDriver(
  allocator: JudgedAllocator,
  changes: Partial<CacheSpec>,
): Promise<Driver> {
  const asked = claimedSpec(allocator, cacheSpec(changes));
  requireOk("create", await allocator.create(asked));
  const model = createModel(asked, allocator.policies);
  const snapshot = await takeSnapshot(allocator);
  checkSnapshot(model, snapshot);
  return { allocator, model, columns: snapshot.columns };
}

/**
 * The spec as an allocator can take it. For one with one row per layer group, what were heads of a
 * layer become layers of one head, so that heads of one kind share a row.
 */
export function claimedSpec({ claims, policies }: JudgedAllocator, spec: CacheSpec): CacheSpec {
  if (claims.has("allocator.heads")) return spec;
  const kindsByLayer = resolveKinds(spec, policies).flat().map((kind) => [kind]);
  return {
    ...spec,
    kvHeads: 1,
    queryHeads: Math.max(1, Math.floor(spec.queryHeads / spec.kvHeads)),
    layers: kindsByLayer.length,
    heads: { kind: "layers", kindsByLayer },
  };
}

/** Compares the whole state. */
export async function checkState(driver: Driver): Promise<AllocatorSnapshot> {
  const snapshot = await takeSnapshot(driver.allocator);
  checkSnapshot(driver.model, snapshot);
  return snapshot;
}

/** Admits a request; gives whether the pools had its pages. */
export async function admit(
  driver: Driver,
  slot: number,
  lengthTokens: number,
): Promise<boolean> {
  const reply = await driver.allocator.admit({ slot, lengthTokens });
  return await settle(driver, reply, { slot, lengthTokens, command: "admit" });
}

/** Grows a request; gives whether the pools had its pages. */
export async function extend(
  driver: Driver,
  slot: number,
  lengthTokens: number,
): Promise<boolean> {
  const reply = await driver.allocator.extend({ slot, lengthTokens });
  if (driver.model.policies.recycleMoment === "in-extend") {
    // What the tokens held before hide is freed before the growth, which then may have it.
    const held = slotOf(driver.model, slot).lengthTokens;
    recycleModel(driver.model, slot, { nextPositionTokens: held, lengthTokens: held });
  }
  return await settle(driver, reply, { slot, lengthTokens, command: "extend" });
}

/** Admits or grows where the pools must have the pages. */
export async function grow(driver: Driver, slot: number, lengthTokens: number): Promise<void> {
  const empty = slotOf(driver.model, slot).lengthTokens === 0;
  const met = empty
    ? await admit(driver, slot, lengthTokens)
    : await extend(driver, slot, lengthTokens);
  requireThat(met, `Expected ${lengthTokens} tokens to fit into slot ${slot}, found a shortage`);
}

/**
 * Recycles a slot; gives the pages freed. An allocator that recycles in `extend` is asked to hold as
 * many tokens as it does; an earlier next position is none of its commands.
 */
export async function recycle(
  driver: Driver,
  slot: number,
  nextPositionTokens: number,
): Promise<number> {
  const { lengthTokens } = slotOf(driver.model, slot);
  if (driver.model.policies.recycleMoment === "in-extend") {
    if (nextPositionTokens < lengthTokens) return 0;
    const before = heldPages(driver.model);
    await extend(driver, slot, lengthTokens);
    return before - heldPages(driver.model);
  }
  const question = { slot, nextPositionTokens, lengthTokens };
  const freed = requireOk("recycle", await driver.allocator.recycle(question));
  const expected = recycleModel(driver.model, slot, question);
  requireEqual(
    `pages that recycling slot ${slot} at ${lengthTokens} tokens freed`,
    freed,
    expected,
  );
  await checkState(driver);
  return freed;
}

/** Ends a request; gives the pages that it returned. An empty slot may refuse, or return none. */
export async function release(driver: Driver, slot: number): Promise<number> {
  const reply = await driver.allocator.release({ slot });
  const empty = slotOf(driver.model, slot).pages === 0;
  const released = empty && reply.kind === "refused" ? 0 : requireOk("release", reply);
  requireEqual(`pages that slot ${slot} returned`, released, releaseModel(driver.model, slot));
  await checkState(driver);
  return released;
}

/** Exchanges two slots. */
export async function swap(driver: Driver, first: number, second: number): Promise<void> {
  requireOk("swap", await driver.allocator.swap({ first, second }));
  const order = driver.model.slots.map((_, slot) => slot);
  order[first] = second;
  order[second] = first;
  reorderModel(driver.model, order);
  await checkState(driver);
}

/** Moves the active slots to the front; which of them comes first is the allocator's choice. */
export async function condense(driver: Driver, active: readonly boolean[]): Promise<void> {
  const order = [...requireOk("condense", await driver.allocator.condense({ active }))];
  const slots = active.map((_, slot) => slot);
  const count = active.filter(Boolean).length;
  requireEqual("slots after condensing", [...order].sort((a, b) => a - b).join(), slots.join());
  requireThat(
    order.slice(0, count).every((slot) => active[slot]),
    `Expected the active slots in front, found the order ${order.join()}`,
  );
  reorderModel(driver.model, order);
  await checkState(driver);
}

/** Makes slot i what slot permutation[i] was. */
export async function reorder(driver: Driver, permutation: readonly number[]): Promise<void> {
  const reply = await driver.allocator.reorder({ permutation: Int32Array.from(permutation) });
  requireOk("reorder", reply);
  reorderModel(driver.model, permutation);
  await checkState(driver);
}

/** Opens a step. */
export async function beginStep(driver: Driver): Promise<number> {
  const step = requireOk("beginStep", await driver.allocator.beginStep());
  driver.model.openSteps.add(step);
  return step;
}

/** Completes a step. */
export async function completeStep(driver: Driver, step: number): Promise<void> {
  requireOk("completeStep", await driver.allocator.completeStep({ step }));
  completeModelStep(driver.model, step);
  await checkState(driver);
}

/** Requires a command to have been carried out; gives its value. */
export function requireOk<T>(command: string, reply: Reply<T>): T {
  if (reply.kind === "refused") {
    throw new Mismatch(
      `Expected "${command}" to be carried out, found a refusal: ${reply.message}`,
    );
  }
  return reply.value;
}

/** Requires a command to be refused; gives the message. */
export function requireRefused(command: string, reply: { readonly kind: string }): void {
  requireThat(
    reply.kind === "refused",
    `Expected "${command}" to be refused, found "${reply.kind}"`,
  );
}

async function settle(
  driver: Driver,
  reply: PageReply,
  o: { slot: number; lengthTokens: number; command: string },
): Promise<boolean> {
  const { model } = driver;
  const longest = Math.min(
    model.spec.modelLengthTokens,
    driver.columns * model.spec.pageSizeTokens,
  );
  if (o.lengthTokens > longest) {
    if (model.policies.endOfRow === "clamp" && reply.kind !== "refused") {
      return await settle(driver, reply, { ...o, lengthTokens: longest });
    }
    requireRefused(o.command, reply);
    await checkState(driver);
    return false;
  }
  const pages = pagesOf(model, o.lengthTokens) - slotOf(model, o.slot).pages;
  const need = needOf(model, Math.max(pages, 0));
  const short = poolIndices(model).filter((pool) => freePagesOf(model, pool) < need);
  // Pages ahead of need belong to the demand, or are left out of it: the allocator's choice.
  const ahead = pages > 0 ? needOf(model, model.spec.preallocatedPages) : 0;
  const tight = poolIndices(model).filter((pool) => freePagesOf(model, pool) < need + ahead);
  const refused = short.length > 0 || (tight.length > 0 && reply.kind === "shortage");
  if (refused) {
    checkShortage(driver, reply, { ...o, need, short: tight });
  } else {
    requireEqual(`answer to "${o.command}"`, reply.kind, "allocated");
    growModel(model, o.slot, o.lengthTokens);
  }
  await checkState(driver);
  return !refused;
}

function checkShortage(
  driver: Driver,
  reply: PageReply,
  o: { command: string; need: number; short: readonly number[] },
): void {
  if (reply.kind !== "shortage") {
    throw new Mismatch(
      `Expected "${o.command}" to find a shortage of pages, found "${reply.kind}"`,
    );
  }
  if (driver.model.policies.shortage === "bare" && reply.need === undefined) return;
  const free = o.short.map((pool) => freePagesOf(driver.model, pool));
  const most = o.need + needOf(driver.model, driver.model.spec.preallocatedPages);
  requireThat(
    reply.need !== undefined && reply.need >= o.need && reply.need <= most,
    `Expected a shortage that names a need of ${o.need} pages, found ${reply.need}`,
  );
  requireThat(
    reply.free !== undefined && free.includes(reply.free),
    `Expected a shortage that names ${free.join(" or ")} free pages, found ${reply.free}`,
  );
  requireEqual("capacity that the shortage names", reply.capacity, poolCapacity(driver.model));
}

function poolIndices(model: CacheModel): number[] {
  return Array.from({ length: poolCount(model) }, (_, pool) => pool);
}
