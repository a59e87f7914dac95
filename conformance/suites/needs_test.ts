import assert from "node:assert/strict";
import { guardAllocator, guardKernel } from "../guard.ts";
import { listCases } from "../registry.ts";
import { seedOfQuery } from "../run.ts";
import type { AllocatorSubject, CacheSpec, Capability } from "../subject.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import { allocatorTests } from "./allocator_tests.ts";
import { layoutCapability } from "./cache_spec.ts";

/** Commands that not every allocator has, by the capability that tells. */
const NEED_OF_COMMAND: Readonly<Partial<Record<keyof AllocatorSubject, Capability>>> = {
  recycle: "allocator.recycle",
  swap: "allocator.moves",
  reorder: "allocator.moves",
  condense: "allocator.moves",
  beginStep: "allocator.fence",
  completeStep: "allocator.fence",
  beginTransfer: "allocator.transfer",
  endTransfer: "allocator.transfer",
  cachePrefix: "allocator.prefix_sharing",
  admitShared: "allocator.prefix_sharing",
  returnPages: "allocator.return_pages",
  canAdmit: "allocator.admission",
  shard: "allocator.tensor_parallel",
  validate: "validator",
};

/** What a spec asks of an allocator. */
function needsOfSpec(spec: CacheSpec): Capability[] {
  return [
    layoutCapability(spec.layout),
    ...(spec.draftTables ? ["allocator.draft"] as const : []),
    ...(spec.preallocatedPages > 0 ? ["allocator.preallocation"] as const : []),
    ...(spec.prefixSharing ? ["allocator.prefix_sharing"] as const : []),
    ...(spec.recycle && spec.sinkTokens > 0 ? ["allocator.sinks"] as const : []),
    ...(spec.tensorParallel.ranks > 1 ? ["allocator.tensor_parallel"] as const : []),
  ];
}

/** The good allocator, which refuses what is not claimed, and tells of commands that are not. */
function limited(claims: ReadonlySet<Capability>, lacks: (need: Capability) => void) {
  return new Proxy(createOracleSubject().allocator!, {
    get: (target, name: keyof AllocatorSubject) => {
      const command = target[name] as (o: unknown) => unknown;
      if (typeof command !== "function") return command;
      return (o: unknown) => {
        const need = NEED_OF_COMMAND[name];
        if (need !== undefined && !claims.has(need)) lacks(need);
        const beyond = name === "create"
          ? needsOfSpec(o as CacheSpec).filter((each) => !claims.has(each))
          : [];
        return beyond.length === 0
          ? command.call(target, o)
          : Promise.resolve({ kind: "refused", code: "not-claimed", message: beyond.join() });
      };
    },
  });
}

Deno.test("every allocator case passes with what it says that it needs, and asks for no more", async () => {
  const missing = new Map<string, Set<string>>();
  const failed = new Map<string, string>();
  let ran = 0;
  for (const { query, definition, params } of listCases({ tests: allocatorTests })) {
    const claims = new Set(definition.needs(params));
    const lacks = (need: Capability): void => {
      missing.set(query, (missing.get(query) ?? new Set()).add(need));
    };
    await definition.run({
      query,
      params,
      seed: seedOfQuery(query),
      allocator: guardAllocator(limited(claims, lacks), { claims }),
      kernel: guardKernel(undefined),
    }).catch((error) => void failed.set(query, error.message));
    ran++;
  }
  assert.deepEqual([missing, failed], [new Map(), new Map()]);
  assert.ok(ran > 300, `${ran} cases`);
});
