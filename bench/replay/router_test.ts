import assert from "node:assert/strict";
import type { TraceRequest } from "../../fixtures/mod.ts";
import { routeRequests, type RouterOptions } from "./router.ts";

function route(
  rows: readonly (readonly [arrivalMs: number, tokens: number, blocks?: readonly number[]])[],
  o: Partial<RouterOptions>,
): number[] {
  const requests = rows.map(([arrivalMs, inputTokens, prefixBlocks], id): TraceRequest => ({
    id,
    arrivalMs,
    inputTokens,
    outputTokens: 0,
    ...(prefixBlocks === undefined ? {} : { prefixBlocks }),
  }));
  return [...routeRequests(requests, {
    router: "least-loaded",
    replicas: 2,
    tokensPerSecond: 1000,
    prefixBlockTokens: 10,
    prefixBlocks: 100,
    ...o,
  })];
}

Deno.test("routeRequests() takes replicas in turn when round-robin", () => {
  const rows = Array.from({ length: 5 }, () => [0, 7] as const);
  assert.deepEqual(route(rows, { router: "round-robin", replicas: 3 }), [0, 1, 2, 0, 1]);
});

Deno.test("routeRequests() takes the replica with the fewest tokens left when least-loaded", () => {
  // 100 and 30 tokens; the third goes to the second, which has 30, then 90.
  assert.deepEqual(route([[0, 100], [0, 30], [0, 60], [0, 5]], {}), [0, 1, 1, 1]);
  // After 50 ms 50 tokens are done: 50 and 0 are left.
  assert.deepEqual(route([[0, 100], [0, 30], [50, 40], [50, 5]], {}), [0, 1, 1, 1]);
  assert.deepEqual(route([[0, 100], [0, 30], [50, 60], [50, 5]], {}), [0, 1, 1, 0]);
});

Deno.test("routeRequests() takes the replica that has the prefix unless it is busier by more", () => {
  const prompt = [1, 2, 3];
  const o = { router: "prefix-aware" as const };
  // 30 tokens are on replica 0 and known there: 30 − 30 against 0 is a tie, for the first.
  assert.deepEqual(route([[0, 30, prompt], [0, 30, prompt]], o), [0, 0]);
  // 5 tokens more are left there than it would spare.
  assert.deepEqual(route([[0, 35, prompt], [0, 30, prompt]], o), [0, 1]);
  // Forgotten: only the last two blocks fit.
  assert.deepEqual(route([[0, 30, prompt], [0, 30, prompt]], { ...o, prefixBlocks: 2 }), [0, 1]);
});

Deno.test("routeRequests() keeps the turns of a session on the replica of its first", () => {
  const turn = (id: number, before: number): TraceRequest => ({
    id,
    arrivalMs: 0,
    inputTokens: 5,
    outputTokens: 5,
    after: { request: before, delayMs: 0 },
  });
  const requests = [
    { id: 0, arrivalMs: 0, inputTokens: 90, outputTokens: 0 },
    { id: 1, arrivalMs: 0, inputTokens: 10, outputTokens: 0 },
    turn(2, 0),
    turn(3, 2),
    turn(4, 1),
  ];
  for (const router of ["round-robin", "least-loaded", "prefix-aware"] as const) {
    const o = { replicas: 2, tokensPerSecond: 1, prefixBlockTokens: 10, prefixBlocks: 9 };
    assert.deepEqual([...routeRequests(requests, { router, ...o })], [0, 1, 0, 0, 1]);
  }
});
