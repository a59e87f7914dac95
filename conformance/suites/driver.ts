/**
 * Drives an allocator and the model side by side: every command goes to both, every answer is
 * judged, and the whole state is compared after each.
 */
import { requireEqual, requireThat } from "../acceptance.ts";
import { Mismatch } from "../outcome.ts";
import { unlessDeclared } from "../policies.ts";
import type { JudgedAllocator } from "../guard.ts";
import type {
  AdmissionCommand,
  AllocatorSnapshot,
  CacheSpec,
  PageReply,
  Reply,
} from "../subject.ts";
import {
  type CacheModel,
  completeModelStep,
  createModel,
  freePagesOfAll,
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

/** An allocator with its model: each method sends the command of its name, and judges the answer. */
export class Driver {
  readonly allocator: JudgedAllocator;
  /** What the allocator must look like. */
  readonly model: CacheModel;
  /** M of the allocator. */
  readonly columns: number;

  private constructor(allocator: JudgedAllocator, model: CacheModel, columns: number) {
    this.allocator = allocator;
    this.model = model;
    this.columns = columns;
  }

  /** Makes an empty allocator and its model, of the control's spec with some changes. */
  static async create(allocator: JudgedAllocator, changes: Partial<CacheSpec>): Promise<Driver> {
    const asked = claimedSpec(allocator, cacheSpec(changes));
    requireOk("create", await allocator.create(asked));
    const model = createModel(asked, allocator.policies);
    const snapshot = await takeSnapshot(allocator);
    checkSnapshot(model, snapshot);
    return new Driver(allocator, model, snapshot.columns);
  }

  /** Compares the whole state. */
  async checkState(): Promise<AllocatorSnapshot> {
    const snapshot = await takeSnapshot(this.allocator);
    checkSnapshot(this.model, snapshot);
    return snapshot;
  }

  /** Admits a request; gives whether the pools had its pages. */
  async admit(slot: number, lengthTokens: number, request?: number): Promise<boolean> {
    const named = { slot, ...(request !== undefined && { request }) };
    const reply = await this.allocator.admit({ ...named, lengthTokens });
    return await this.#settle(reply, { slot, lengthTokens, command: "admit" });
  }

  /** Grows a request; gives whether the pools had its pages. */
  async extend(slot: number, lengthTokens: number): Promise<boolean> {
    const reply = await this.allocator.extend({ slot, lengthTokens });
    if (this.model.policies.recycleMoment === "in-extend" && reply.kind !== "refused") {
      // What the tokens held before hide is freed before the growth, which then may have it. A growth
      // that is refused changes no pool.
      const held = slotOf(this.model, slot).lengthTokens;
      recycleModel(this.model, slot, { nextPositionTokens: held, lengthTokens: held });
    }
    return await this.#settle(reply, { slot, lengthTokens, command: "extend" });
  }

  /** Admits or grows where the pools must have the pages. */
  async grow(slot: number, lengthTokens: number): Promise<void> {
    const empty = slotOf(this.model, slot).lengthTokens === 0;
    const met = empty
      ? await this.admit(slot, lengthTokens)
      : await this.extend(slot, lengthTokens);
    requireThat(met, `Expected ${lengthTokens} tokens to fit into slot ${slot}, found a shortage`);
  }

  /**
   * Recycles a slot; gives the pages freed. An allocator that recycles in `extend` is asked to hold as
   * many tokens as it does; an earlier next position is none of its commands.
   */
  async recycle(slot: number, nextPositionTokens: number): Promise<number> {
    const { lengthTokens } = slotOf(this.model, slot);
    if (this.model.policies.recycleMoment === "in-extend") {
      if (nextPositionTokens < lengthTokens) return 0;
      const before = heldPages(this.model);
      await this.extend(slot, lengthTokens);
      return before - heldPages(this.model);
    }
    const question = { slot, nextPositionTokens, lengthTokens };
    const freed = requireOk("recycle", await this.allocator.recycle(question));
    const expected = recycleModel(this.model, slot, question);
    const { spec: { pageSizeTokens }, policies } = this.model;
    const isBetween = policies.recycleMoment === "boundary" &&
      lengthTokens % pageSizeTokens !== 0 && expected === 0;
    requireThat(
      freed === expected,
      `pages that recycling slot ${slot} at ${lengthTokens} tokens freed: expected ${expected}, ` +
        `found ${freed}${isBetween ? unlessDeclared("recycleMoment", "any-safe") : ""}`,
    );
    await this.checkState();
    return freed;
  }

  /** Admits or grows a request, and recycles what its next token does not see; gives the pages freed. */
  async growAndRecycle(slot: number, lengthTokens: number): Promise<number> {
    await this.grow(slot, lengthTokens);
    return await this.recycle(slot, lengthTokens);
  }

  /** Ends a request; gives the pages that it returned. An empty slot may refuse, or return none. */
  async release(slot: number, request?: number): Promise<number> {
    const reply = await this.allocator.release({ slot, ...(request !== undefined && { request }) });
    const empty = slotOf(this.model, slot).pages === 0;
    const released = empty && reply.kind === "refused" ? 0 : requireOk("release", reply);
    requireEqual(`pages that slot ${slot} returned`, released, releaseModel(this.model, slot));
    await this.checkState();
    return released;
  }

  async swap(first: number, second: number): Promise<void> {
    requireOk("swap", await this.allocator.swap({ first, second }));
    const order = this.model.slots.map((_, slot) => slot);
    order[first] = second;
    order[second] = first;
    reorderModel(this.model, order);
    await this.checkState();
  }

  /** Moves the active slots to the front; which of them comes first is the allocator's choice. */
  async condense(active: readonly boolean[]): Promise<void> {
    const order = [...requireOk("condense", await this.allocator.condense({ active }))];
    const slots = active.map((_, slot) => slot);
    const count = active.filter(Boolean).length;
    requireEqual("slots after condensing", [...order].sort((a, b) => a - b).join(), slots.join());
    requireThat(
      order.slice(0, count).every((slot) => active[slot]),
      `Expected the active slots in front, found the order ${order.join()}`,
    );
    reorderModel(this.model, order);
    await this.checkState();
  }

  /** Makes slot i what slot permutation[i] was. */
  async reorder(permutation: readonly number[]): Promise<void> {
    const reply = await this.allocator.reorder({ permutation: Int32Array.from(permutation) });
    requireOk("reorder", reply);
    reorderModel(this.model, permutation);
    await this.checkState();
  }

  /** Counts the pages of all pools that are not free. */
  async pagesInUse(): Promise<number> {
    const { freePages } = await this.checkState();
    const total = poolCount(this.model) * poolCapacity(this.model);
    return total - freePages.reduce((sum, pages) => sum + pages, 0);
  }

  async beginStep(): Promise<number> {
    const step = requireOk("beginStep", await this.allocator.beginStep());
    this.model.openSteps.add(step);
    return step;
  }

  async completeStep(step: number): Promise<void> {
    requireOk("completeStep", await this.allocator.completeStep({ step }));
    completeModelStep(this.model, step);
    await this.checkState();
  }

  /** Lets a transfer read a slot's pages; to the model it is a step that takes longer. */
  async beginTransfer(slot: number): Promise<number> {
    const transfer = requireOk("beginTransfer", await this.allocator.beginTransfer!({ slot }));
    this.model.openSteps.add(transferInModel(transfer));
    return transfer;
  }

  async endTransfer(transfer: number): Promise<void> {
    requireOk("endTransfer", await this.allocator.endTransfer!({ transfer }));
    completeModelStep(this.model, transferInModel(transfer));
    await this.checkState();
  }

  /** Asks whether a request would be admitted. */
  async canAdmit(o: AdmissionCommand): Promise<boolean> {
    return requireOk("canAdmit", await this.allocator.canAdmit(o));
  }

  async #settle(
    reply: PageReply,
    o: { slot: number; lengthTokens: number; command: string },
  ): Promise<boolean> {
    const { model } = this;
    const longest = Math.min(
      model.spec.modelLengthTokens,
      this.columns * model.spec.pageSizeTokens,
    );
    if (o.lengthTokens > longest) {
      if (model.policies.endOfRow === "clamp" && reply.kind !== "refused") {
        return await this.#settle(reply, { ...o, lengthTokens: longest });
      }
      requireThat(
        reply.kind === "refused",
        `Expected "${o.command}" past the row to be refused, found "${reply.kind}"` +
          unlessDeclared("endOfRow", "clamp"),
      );
      await this.checkState();
      return false;
    }
    const pages = pagesOf(model, o.lengthTokens) - slotOf(model, o.slot).pages;
    const need = needOf(model, Math.max(pages, 0));
    const free = freePagesOfAll(model);
    // Pages ahead of need belong to the demand, or are left out of it: the allocator's choice.
    const ahead = pages > 0 ? needOf(model, model.spec.preallocatedPages) : 0;
    const tight = free.filter((pages) => pages < need + ahead);
    const refused = free.some((pages) => pages < need) ||
      (tight.length > 0 && reply.kind === "shortage");
    if (refused) {
      this.#checkShortage(reply, { ...o, need, free: tight });
    } else {
      requireEqual(`answer to "${o.command}"`, reply.kind, "allocated");
      growModel(model, o.slot, o.lengthTokens);
    }
    await this.checkState();
    return !refused;
  }

  #checkShortage(
    reply: PageReply,
    o: { command: string; need: number; free: readonly number[] },
  ): void {
    if (reply.kind !== "shortage") {
      throw new Mismatch(
        `Expected "${o.command}" to find a shortage of pages, found "${reply.kind}"`,
      );
    }
    if (this.model.policies.shortage === "bare" && reply.need === undefined) return;
    const most = o.need + needOf(this.model, this.model.spec.preallocatedPages);
    requireThat(
      reply.need !== undefined && reply.need >= o.need && reply.need <= most,
      `Expected a shortage that names a need of ${o.need} pages, found ${reply.need}` +
        (reply.need === undefined ? unlessDeclared("shortage", "bare") : ""),
    );
    requireThat(
      reply.free !== undefined && o.free.includes(reply.free),
      `Expected a shortage that names ${o.free.join(" or ")} free pages, found ${reply.free}`,
    );
    requireEqual("capacity that the shortage names", reply.capacity, poolCapacity(this.model));
  }
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

/** Steps and transfers are numbered apart, so both may have the same number. */
function transferInModel(transfer: number): number {
  return -1 - transfer;
}
