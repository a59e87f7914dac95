/**
 * Requests that share prefixes, drawn at random, and what every page holds. A page holds what was
 * written last; a request has to find in each of its columns what it wrote there, or what it was told
 * that the cache has. So it does not matter how an allocator counts owners, finds blocks or evicts.
 */
import type { Random } from "../../allocator/mod.ts";
import { requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import type { JudgedAllocator } from "../guard.ts";
import type { AllocatorSnapshot, CacheSpec } from "../subject.ts";
import { idAt } from "./check_snapshot.ts";
import { requireOk } from "./driver.ts";
import { resolveKinds } from "./resolve_kinds.ts";
import { takeSnapshot } from "./take_snapshot.ts";

/** Complete blocks of a prompt at most, and kinds of a block: few, so that prompts share prefixes. */
const PROMPT_BLOCKS = 6;
const BLOCK_KINDS = 2;

/** A request and what its columns must hold. */
interface Holder {
  lengthTokens: number;
  /** First position that the next query, or an earlier one of the request, computes. */
  nextTokens: number;
  /** By column. */
  readonly contents: string[];
}

/** Plays random requests against an allocator that shares prefixes. */
export class PrefixPlay {
  readonly #allocator: JudgedAllocator;
  readonly #spec: CacheSpec;
  readonly #random: Random;
  /** Whether each row is of a window head; a uniform row is where all heads are. */
  readonly #isWindow: readonly boolean[];
  readonly #holders: (Holder | null)[];
  readonly #openSteps: number[] = [];
  /** What was written last, by pool and id. */
  readonly #written = new Map<string, string>();
  #owned = 0;

  private constructor(allocator: JudgedAllocator, spec: CacheSpec, random: Random) {
    this.#allocator = allocator;
    this.#spec = spec;
    this.#random = random;
    const kinds = resolveKinds(spec, allocator.policies).flat();
    const recycles = spec.recycle && spec.windowTokens > 0;
    this.#isWindow = spec.layout === "uniform"
      ? [recycles && kinds.every((kind) => kind === "window")]
      : kinds.map((kind) => recycles && kind === "window");
    this.#holders = new Array<Holder | null>(spec.slots).fill(null);
  }

  /** Makes an empty allocator of a spec that it can take. */
  static async create(
    allocator: JudgedAllocator,
    o: { readonly spec: CacheSpec; readonly random: Random },
  ): Promise<PrefixPlay> {
    requireOk("create", await allocator.create(o.spec));
    return new PrefixPlay(allocator, o.spec, o.random);
  }

  /** Sends random commands, and compares all that pages hold after each. */
  async run(commands: number): Promise<void> {
    for (let command = 0; command < commands; command++) await this.#next();
    for (const step of this.#openSteps.splice(0)) await this.#complete(step);
    for (const slot of this.#holders.keys()) await this.#release(slot);
    // Whatever the cache kept makes room, so nothing is lost.
    const whole = { slot: 0, lengthTokens: this.#spec.modelLengthTokens, blocks: [] };
    const reply = await this.#allocator.admitShared!(whole);
    requireEqual("answer to a request for the whole pool", reply.kind, "allocated");
  }

  async #next(): Promise<void> {
    const slot = this.#random.nextBelow(this.#spec.slots);
    if (this.#holders[slot] === null) return await this.#admit(slot);
    const { claims } = this.#allocator;
    const choice = this.#random.nextBelow(12);
    if (choice < 4) return await this.#release(slot);
    if (choice < 8) return await this.#extend(slot);
    if (choice < 9 && claims.has("allocator.moves")) return await this.#swap(slot);
    if (choice < 11 && claims.has("allocator.fence")) return await this.#step();
    return await this.#recycle(slot);
  }

  /** Admits a prompt, and caches what it has computed of it. */
  async #admit(slot: number): Promise<void> {
    const blocks = Array.from(
      { length: this.#random.nextBelow(PROMPT_BLOCKS + 1) },
      (_, index) => 100 * index + this.#random.nextBelow(BLOCK_KINDS),
    );
    const { pageSizeTokens: page, modelLengthTokens: longest } = this.#spec;
    const rest = 1 + this.#random.nextBelow(3 * page);
    const lengthTokens = Math.min(longest, blocks.length * page + rest);
    const before = await this.#check();
    const reply = await this.#allocator.admitShared!({ slot, lengthTokens, blocks });
    if (reply.kind === "refused") requireOk("admitShared", reply);
    if (reply.kind !== "allocated") return await this.#requireShortage(before, lengthTokens);
    const { hitTokens } = reply;
    requireThat(
      hitTokens < lengthTokens && hitTokens <= blocks.length * page && hitTokens % page === 0,
      `Expected whole blocks of the prompt's ${blocks.length}, found ${hitTokens} tokens`,
    );
    const contents = blocks.map((_, index) => blocks.slice(0, index + 1).join("-"));
    const holder = { lengthTokens, nextTokens: hitTokens, contents };
    this.#holders[slot] = holder;
    await this.#write(slot, hitTokens / page);
    const cached = { slot, blocks, cachedTokens: blocks.length * page };
    requireOk("cachePrefix", await this.#allocator.cachePrefix!(cached));
    await this.#check();
  }

  async #extend(slot: number): Promise<void> {
    const holder = this.#holders[slot]!;
    const { pageSizeTokens: page, modelLengthTokens: longest } = this.#spec;
    const lengthTokens = holder.lengthTokens + 1 + this.#random.nextBelow(3 * page);
    if (lengthTokens > longest) return;
    const before = await this.#check();
    const reply = await this.#allocator.extend({ slot, lengthTokens });
    if (reply.kind === "refused") requireOk("extend", reply);
    const recycles = this.#allocator.policies.recycleMoment === "in-extend";
    if (recycles) holder.nextTokens = Math.max(holder.nextTokens, holder.lengthTokens);
    if (reply.kind !== "allocated") {
      if (!recycles) requireSameElements("table", (await this.#check()).table, before.table);
      return;
    }
    const from = Math.ceil(holder.lengthTokens / page);
    holder.lengthTokens = lengthTokens;
    await this.#write(slot, from);
    await this.#check();
  }

  async #recycle(slot: number): Promise<void> {
    const holder = this.#holders[slot]!;
    const { lengthTokens } = holder;
    holder.nextTokens = Math.max(holder.nextTokens, lengthTokens);
    if (this.#allocator.policies.recycleMoment === "in-extend") {
      requireEqual(
        "answer to no growth",
        (await this.#allocator.extend({ slot, lengthTokens })).kind,
        "allocated",
      );
    } else if (this.#allocator.claims.has("allocator.recycle")) {
      const question = { slot, lengthTokens, nextPositionTokens: lengthTokens };
      requireOk("recycle", await this.#allocator.recycle(question));
    }
    await this.#check();
  }

  async #release(slot: number): Promise<void> {
    if (this.#holders[slot] === null) return;
    requireOk("release", await this.#allocator.release({ slot }));
    this.#holders[slot] = null;
    await this.#check();
  }

  async #swap(first: number): Promise<void> {
    const second = this.#random.nextBelow(this.#spec.slots);
    requireOk("swap", await this.#allocator.swap({ first, second }));
    const [one, other] = [this.#holders[first]!, this.#holders[second] ?? null];
    this.#holders[first] = other;
    this.#holders[second] = one;
    await this.#check();
  }

  async #step(): Promise<void> {
    if (this.#openSteps.length < 2) {
      this.#openSteps.push(requireOk("beginStep", await this.#allocator.beginStep()));
    } else await this.#complete(this.#openSteps.shift()!);
  }

  async #complete(step: number): Promise<void> {
    requireOk("completeStep", await this.#allocator.completeStep({ step }));
    await this.#check();
  }

  /** A shortage changes nothing, and is none where the free pages hold the request by themselves. */
  async #requireShortage(before: AllocatorSnapshot, lengthTokens: number): Promise<void> {
    const after = await this.#check();
    requireSameElements("table after the shortage", after.table, before.table);
    // What was cached may have made way, or waits for a step again; but nothing may be taken.
    const left = ({ freePages, waitingPages }: AllocatorSnapshot, pool: number): number =>
      freePages[pool]! + (waitingPages[pool] ?? 0);
    for (let pool = 0; pool < this.#pools(); pool++) {
      const [most, found] = [left(before, pool), left(after, pool)];
      requireThat(
        found >= most,
        `Expected ${most} pages of pool ${pool} no one holds after the shortage, found ${found}`,
      );
    }
    const rows = this.#isWindow.length / this.#pools();
    const need = Math.ceil(lengthTokens / this.#spec.pageSizeTokens) * rows;
    requireThat(
      Math.min(...before.freePages) < need,
      `Expected ${lengthTokens} tokens to be admitted: pools have ${before.freePages.join()} free`,
    );
  }

  /** A request writes its columns from one on. */
  async #write(slot: number, from: number): Promise<void> {
    const snapshot = await takeSnapshot(this.#allocator);
    const holder = this.#holders[slot]!;
    const columns = Math.ceil(holder.lengthTokens / this.#spec.pageSizeTokens);
    for (let column = from; column < columns; column++) {
      const content = holder.contents[column] ??= `only ${this.#owned++}`;
      for (let row = 0; row < this.#isWindow.length; row++) {
        const id = idAt(snapshot, { slot, row, column });
        if (id >= 0) this.#written.set(this.#pageOf(row, id), content);
      }
    }
  }

  /** Requires every column that a request may still read to hold what it must, and pools to add up. */
  async #check(): Promise<AllocatorSnapshot> {
    const snapshot = await takeSnapshot(this.#allocator);
    this.#holders.forEach((holder, slot) => {
      if (holder === null) return;
      requireEqual(`length of slot ${slot}`, snapshot.lengthsTokens[slot], holder.lengthTokens);
      const columns = Math.ceil(holder.lengthTokens / this.#spec.pageSizeTokens);
      for (let row = 0; row < this.#isWindow.length; row++) {
        for (let column = 0; column < columns; column++) {
          if (this.#isDead(holder, row, column)) continue;
          const id = idAt(snapshot, { slot, row, column });
          const place = `slot ${slot}, row ${row}, column ${column}`;
          requireThat(id >= 0, `Expected a page at ${place}, found a hole`);
          const found = this.#written.get(this.#pageOf(row, id)) ?? "nothing";
          requireEqual(`blocks that page ${id} at ${place} holds`, found, holder.contents[column]);
        }
      }
    });
    this.#checkPools(snapshot);
    return snapshot;
  }

  #checkPools(snapshot: AllocatorSnapshot): void {
    // A stale id in a dead column is no holder, and nothing here tells it from one.
    if (this.#allocator.policies.deadColumns === "stale") return;
    const held = Array.from({ length: this.#pools() }, () => new Set<number>());
    for (let slot = 0; slot < this.#spec.slots; slot++) {
      for (let row = 0; row < this.#isWindow.length; row++) {
        for (let column = 0; column < snapshot.columns; column++) {
          const id = idAt(snapshot, { slot, row, column });
          if (id >= 0) held[this.#poolOf(row)]!.add(id);
        }
      }
    }
    held.forEach((ids, pool) => {
      const others = (snapshot.freePages[pool] ?? 0) + (snapshot.waitingPages[pool] ?? 0);
      const [most, found] = [this.#capacity(), others + ids.size];
      // Pages that the cache alone holds count as free in some engines, and not in others.
      requireThat(
        found <= most,
        `Expected ${most} pages of pool ${pool} at most, shared ones once, found ${found}`,
      );
    });
  }

  /** Whether no query from `nextTokens` on sees a key of a page. */
  #isDead({ nextTokens }: Holder, row: number, column: number): boolean {
    const { pageSizeTokens: page, sinkTokens, windowTokens } = this.#spec;
    return this.#isWindow[row]! && column >= Math.ceil(sinkTokens / page) &&
      (column + 1) * page <= nextTokens - windowTokens + 1;
  }

  #poolOf(row: number): number {
    return this.#spec.layout === "headwise" ? row : 0;
  }

  #pageOf(row: number, id: number): string {
    return `${this.#poolOf(row)}:${id}`;
  }

  #pools(): number {
    return this.#spec.layout === "headwise" ? this.#isWindow.length : 1;
  }

  #capacity(): number {
    const { layout, pagesPerHead } = this.#spec;
    return layout === "pooled" ? pagesPerHead * this.#isWindow.length : pagesPerHead;
  }
}
