import assert from "node:assert/strict";
import { guardAllocator, guardKernel } from "./guard.ts";
import { SubjectFault } from "./outcome.ts";
import type { AllocatorSubject } from "./subject.ts";

Deno.test("guardAllocator() turns what is thrown into a fault that names the command", async () => {
  const broken = { beginStep: () => Promise.reject(new Error("boom")) };
  const guarded = guardAllocator(broken as unknown as AllocatorSubject);
  await assert.rejects(guarded.beginStep(), (error) => {
    assert.ok(error instanceof SubjectFault);
    assert.match(error.message, /"allocator\.beginStep".*boom/);
    return true;
  });
});

Deno.test("guardAllocator() lets no command through once its case is over", async () => {
  let commands = 0;
  const allocator = {
    beginStep: () => Promise.resolve({ kind: "ok", value: commands++ }),
  } as unknown as AllocatorSubject;
  const over = new AbortController();
  const guarded = guardAllocator(allocator, { over: over.signal });
  await guarded.beginStep();
  over.abort();
  await assert.rejects(guarded.beginStep(), /after the end of its case/);
  assert.equal(commands, 1);
});

Deno.test("guardAllocator() says what its subject declares, and the default of what it does not", () => {
  const claims = new Set(["allocator.fence"] as const);
  const guarded = guardAllocator(undefined, { claims, policies: { nullId: 0 } });
  assert.equal(guarded.policies.nullId, 0);
  assert.equal(guarded.policies.shortage, "detailed");
  assert.ok(guarded.claims.has("allocator.fence"));
});

Deno.test("guardKernel() calls a missing part a fault", async () => {
  await assert.rejects(guardKernel(undefined).releaseCapture(0), SubjectFault);
});
