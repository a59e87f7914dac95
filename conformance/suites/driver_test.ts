import assert from "node:assert/strict";
import { guardAllocator } from "../guard.ts";
import type { Policies } from "../policies.ts";
import type { AllocatorSubject, PageReply } from "../subject.ts";
import { HEADWISE_ALLOCATOR_CAPABILITIES } from "../subjects/headwise_allocator.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import { cacheSpec } from "./cache_spec.ts";
import { Driver, requireOk, requireRefused } from "./driver.ts";

/** Pages of four tokens' heads: eight of them hold 128 tokens, and a ninth is one too many. */
const SPEC = cacheSpec({
  layout: "uniform",
  heads: { kind: "pattern", pattern: "first", ratio: 0 },
  slots: 1,
  pagesPerHead: 8,
});

/** Admits `tokens` where the allocator's answer is changed, and `policies` are declared. */
async function admitWith(
  tokens: number,
  o: { change: (reply: PageReply) => PageReply; policies?: Partial<Policies> },
): Promise<boolean> {
  const good = createOracleSubject().allocator!;
  const changed: AllocatorSubject = {
    ...good,
    admit: async (request) => o.change(await good.admit(request)),
  };
  const claims = new Set(HEADWISE_ALLOCATOR_CAPABILITIES);
  const driver = await Driver.create(
    guardAllocator(changed, { claims, policies: o.policies }),
    SPEC,
  );
  return await driver.admit(0, tokens);
}

const shortage = (o: { need?: number; free?: number; capacity?: number }) => (reply: PageReply) => {
  if (reply.kind !== "shortage") return reply;
  const { need: _, free: __, capacity: ___, ...bare } = reply;
  return { ...bare, ...o } as PageReply;
};
const RIGHT = { need: 9, free: 8, capacity: 8 };

Deno.test("admit() takes what fits, and a shortage that names need, free pages and capacity", async () => {
  assert.equal(await admitWith(128, { change: (reply) => reply }), true);
  assert.equal(await admitWith(129, { change: (reply) => reply }), false);
  assert.equal(await admitWith(129, { change: shortage(RIGHT) }), false);
});

Deno.test("admit() rejects a shortage with a wrong number, or with none where none is allowed", async () => {
  for (
    const wrong of [
      {},
      { ...RIGHT, need: 8 },
      { ...RIGHT, need: 10 },
      { ...RIGHT, free: 7 },
      { ...RIGHT, capacity: 9 },
      { free: 8, capacity: 8 },
    ]
  ) {
    await assert.rejects(admitWith(129, { change: shortage(wrong) }), { name: "Mismatch" });
  }
});

Deno.test("admit() takes a bare shortage where that is declared, and still rejects a wrong one", async () => {
  const policies = { shortage: "bare" } as const;
  assert.equal(await admitWith(129, { change: shortage({}), policies }), false);
  assert.equal(await admitWith(129, { change: shortage(RIGHT), policies }), false);
  const wrong = { change: shortage({ ...RIGHT, need: 8 }), policies };
  await assert.rejects(admitWith(129, wrong), /names a need of 9 pages, found 8/);
});

Deno.test("requireOk() and requireRefused() tell an answer from a refusal", () => {
  const refused = { kind: "refused", code: "full", message: "no room" } as const;
  assert.throws(() => requireOk("grow", refused), /Expected "grow" .*refusal: no room/);
  requireRefused("grow", refused);
  assert.throws(() => requireRefused("grow", { kind: "ok" }), /"grow" to be refused, found "ok"/);
});

/** Lets an allocator recycle as it grows; a growth past its row is refused before that, or after. */
async function growPastEnd(isRefusedFirst: boolean): Promise<boolean> {
  const good = createOracleSubject().allocator!;
  const growing: AllocatorSubject = {
    ...good,
    extend: async (o) => {
      const lengthTokens = (await good.snapshot()).lengthsTokens[o.slot] ?? 0;
      if (isRefusedFirst && o.lengthTokens > 512) return await good.extend(o);
      await good.recycle({ slot: o.slot, nextPositionTokens: lengthTokens, lengthTokens });
      return await good.extend(o);
    },
  };
  const claims = new Set(HEADWISE_ALLOCATOR_CAPABILITIES);
  const policies = { recycleMoment: "in-extend" } as const;
  const driver = await Driver.create(guardAllocator(growing, { claims, policies }), cacheSpec());
  await driver.grow(0, 256);
  const met = await driver.extend(0, 513);
  await driver.grow(0, 272);
  return met;
}

Deno.test("extend() takes a refused growth that frees nothing where growth recycles, and no other", async () => {
  assert.equal(await growPastEnd(true), false);
  await assert.rejects(growPastEnd(false), { name: "Mismatch" });
});

Deno.test("beginTransfer() tells a transfer from a step of the same number", async () => {
  const good = createOracleSubject().allocator!;
  const ofGood: number[] = [];
  const renumbered: AllocatorSubject = {
    ...good,
    beginTransfer: async (o) => {
      const reply = await good.beginTransfer!(o);
      if (reply.kind === "refused") return reply;
      return { ...reply, value: ofGood.push(reply.value) };
    },
    endTransfer: ({ transfer }) => good.endTransfer!({ transfer: ofGood[transfer - 1] ?? -1 }),
  };
  const claims = new Set(HEADWISE_ALLOCATOR_CAPABILITIES);
  const driver = await Driver.create(guardAllocator(renumbered, { claims }), cacheSpec());
  await driver.grow(0, 256);
  const transfer = await driver.beginTransfer(0);
  await driver.release(0);
  let step = 0;
  while (step < transfer) {
    step = await driver.beginStep();
    await driver.completeStep(step);
  }
  assert.equal(step, transfer);
  assert.equal(await driver.pagesInUse(), 64);
  await driver.endTransfer(transfer);
  assert.equal(await driver.pagesInUse(), 0);
});

Deno.test("a failure that a declaration would make right names the policy and its value", async () => {
  const good = createOracleSubject().allocator!;
  const claims = new Set(HEADWISE_ALLOCATOR_CAPABILITIES);
  const fails = async (
    change: Partial<AllocatorSubject>,
    run: (driver: Driver) => Promise<unknown>,
    said: RegExp,
  ): Promise<void> => {
    const judged = guardAllocator({ ...good, ...change }, { claims });
    await assert.rejects(async () => run(await Driver.create(judged, cacheSpec())), said);
  };
  let before = new Int32Array();
  const staleRows: AllocatorSubject["snapshot"] = async () => {
    const snapshot = await good.snapshot();
    before = snapshot.table.map((id, index) => id < 0 ? before[index] ?? -1 : id);
    return { ...snapshot, table: before };
  };
  const nullPages: AllocatorSubject["snapshot"] = async () => {
    const snapshot = await good.snapshot();
    return { ...snapshot, table: snapshot.table.map((id) => id + 1) };
  };
  const bare: AllocatorSubject["admit"] = async (o) => {
    const reply = await good.admit(o);
    return reply.kind === "shortage" ? { kind: "shortage" } : reply;
  };
  const clamped: AllocatorSubject["extend"] = (o) =>
    good.extend({ ...o, lengthTokens: Math.min(512, o.lengthTokens) });
  const everyTime: AllocatorSubject["recycle"] = (o) => {
    const lengthTokens = Math.ceil(o.lengthTokens / 16) * 16;
    return good.recycle({ ...o, lengthTokens });
  };
  const none: AllocatorSubject["snapshot"] = async () => ({
    ...await good.snapshot(),
    availability: 0,
  });
  const grown = async (driver: Driver) => await driver.grow(0, 256);
  await fails({ snapshot: nullPages }, grown, /declares nullId 0$/);
  await fails({ snapshot: none }, grown, /declares availability uniform-pages or none$/);
  await fails({ admit: bare }, async (driver) => {
    await driver.grow(0, 512);
    await driver.admit(1, 16);
  }, /declares shortage bare$/);
  await fails({ extend: clamped }, async (driver) => {
    await driver.grow(0, 256);
    await driver.extend(0, 513);
  }, /declares endOfRow clamp$/);
  await fails({ recycle: everyTime }, async (driver) => {
    await driver.grow(0, 250);
    await driver.recycle(0, 250);
  }, /declares recycleMoment any-safe$/);
  await fails({ snapshot: staleRows }, async (driver) => {
    await driver.growAndRecycle(0, 256);
  }, /declares deadColumns stale$/);
});

Deno.test("a failure names no policy that is declared already", async () => {
  const good = createOracleSubject().allocator!;
  const claims = new Set(HEADWISE_ALLOCATOR_CAPABILITIES);
  const policies = { recycleMoment: "any-safe", availability: "uniform-pages" } as const;
  const fails = async (change: Partial<AllocatorSubject>, said: RegExp): Promise<void> => {
    const judged = guardAllocator({ ...good, ...change }, { claims, policies });
    await assert.rejects(async () => {
      const driver = await Driver.create(judged, cacheSpec());
      await driver.grow(0, 20);
      await driver.recycle(0, 20);
    }, said);
  };
  await fails({
    snapshot: async () => ({ ...await good.snapshot(), availability: -1 }),
  }, /found -1$/);
  await fails({ recycle: () => Promise.resolve({ kind: "ok", value: 1 }) }, /freed: .* found 1$/);
});
