import assert from "node:assert/strict";
import { admit, type Slot, validateAllocator } from "../../allocator/mod.ts";
import { createReplayState, type ReplayState } from "./state.ts";
import {
  admitWaiting,
  breakDeadlock,
  chunkTokens,
  leave,
  planRunning,
  preempt,
} from "./scheduler.ts";
import { requestsOf, tinyRanks, tinyScheduler, tokenClock } from "../run/test_support.ts";

function stateOf(
  rows: [number, number, number][],
  o: { pagesPerHead?: number; scheduler?: Parameters<typeof tinyScheduler>[0] } = {},
): ReplayState {
  const scheduler = tinyScheduler(o.scheduler);
  const state = createReplayState({
    requests: requestsOf(rows),
    scheduler,
    speculative: null,
    ranks: tinyRanks({ scheduler, pagesPerHead: o.pagesPerHead ?? 16 }),
    clock: tokenClock(),
    seed: 1,
  });
  state.nextArrival = rows.length;
  return state;
}

Deno.test("chunkTokens() ends a chunk on a page boundary when the budget reaches one", () => {
  const state = stateOf([[0, 100, 1]]);
  assert.equal(chunkTokens(state, 0, 100), 100);
  assert.equal(chunkTokens(state, 0, 50), 48);
  assert.equal(chunkTokens(state, 0, 10), 10);
  state.cached[0] = 10;
  // From 10 on, 6 tokens reach the next boundary and 22 the one after it.
  assert.equal(chunkTokens(state, 0, 21), 6);
  assert.equal(chunkTokens(state, 0, 22), 22);
  assert.equal(chunkTokens(state, 0, 90), 90);
});

Deno.test("admitWaiting() asks for the time only when nobody waits and someone is to come", () => {
  const state = stateOf([[0, 10, 1], [9, 10, 1]]);
  state.nextArrival = 1;
  const plan = planRunning(state);
  assert.equal(admitWaiting(state, plan), "needs-time");
  assert.deepEqual(state.running, [0]);
  state.nextArrival = 2;
  assert.equal(admitWaiting(state, plan), "done");
  assert.deepEqual(state.running, [0, 1]);
});

Deno.test("admitWaiting() counts the pages that running prefills still lack", () => {
  // The first prompt of 7 pages holds 2 after its first chunk; only one of 8 is not spoken for.
  const state = stateOf([[0, 112, 1], [0, 20, 1]], {
    pagesPerHead: 8,
    scheduler: { maxBatchedTokens: 32 },
  });
  admitWaiting(state, planRunning(state));
  state.cached[0] = 32;
  const plan = planRunning(state);
  plan.budgetTokens = 32;
  admitWaiting(state, plan);
  assert.deepEqual(state.running, [0]);
});

Deno.test("breakDeadlock() makes the last prefill give way to the others", () => {
  const state = stateOf([[0, 20, 1], [0, 12, 1]]);
  admitWaiting(state, planRunning(state));
  assert.deepEqual(state.running, [0, 1]);
  breakDeadlock(state);
  assert.deepEqual(state.running, [0]);
  assert.deepEqual(state.preempted, [1]);
  assert.deepEqual([...state.preemptions], [0, 1]);
  breakDeadlock(state);
  assert.deepEqual(state.running, []);
  assert.match(state.failed[0].reason, /although it is alone/);
});

Deno.test("leave() gives back the slot and every page", () => {
  const state = stateOf([[0, 20, 1]]);
  admitWaiting(state, planRunning(state));
  leave(state, 0);
  assert.deepEqual([...state.slotRequests], [-1, -1]);
  assert.deepEqual(validateAllocator(state.ranks.measured), []);
});

Deno.test("planRunning() admits nobody in a step that preempts", () => {
  const state = stateOf([[0, 16, 10], [0, 16, 10]], {
    pagesPerHead: 2,
    scheduler: { maxBatchedTokens: 64 },
  });
  admitWaiting(state, planRunning(state));
  for (const request of [0, 1]) {
    state.decoding[request] = 1;
    state.cached[request] = 16;
    state.generated[request] = 1;
  }
  const plan = planRunning(state);
  assert.deepEqual(state.preempted, [1]);
  assert.equal(plan.admitting, false);
  assert.equal(plan.tokens, 1);
});

Deno.test("planRunning() admits nobody while a running prefill is blocked", () => {
  const state = stateOf([[0, 64, 1], [0, 1, 1]], { pagesPerHead: 4 });
  admitWaiting(state, planRunning(state));
  state.cached[0] = 32;
  // Somebody else's pages: the prefill cannot go on.
  admit(state.ranks.measured, 1 as Slot, 32);
  const plan = planRunning(state);
  assert.equal(plan.tokens, 0);
  assert.equal(plan.admitting, false);
});

Deno.test("preempt() raises the reserve to the share that was seen to be used", () => {
  const reserve = {
    kind: "ratio",
    initialRatio: 0.3,
    decayPerStep: 0,
    floorRatio: 0.1,
    capTokens: 64,
  } as const;
  const state = stateOf([[0, 12, 10], [0, 12, 10]], { scheduler: { reserve } });
  admitWaiting(state, planRunning(state));
  state.generated.set([6, 4]);
  preempt(state, 1);
  assert.equal(state.reserveRatio, 0.6);
  assert.equal(state.prefillTokens[1], 16);
  preempt(state, 0);
  assert.equal(state.reserveRatio, 0.6);
  assert.deepEqual(state.preempted, [1, 0]);
});

Deno.test("planRunning() lets the reserve decay to its floor", () => {
  const state = stateOf([[0, 20, 1]], {
    scheduler: {
      reserve: {
        kind: "ratio",
        initialRatio: 0.7,
        decayPerStep: 0.3,
        floorRatio: 0.2,
        capTokens: 64,
      },
    },
  });
  planRunning(state);
  assert.ok(Math.abs(state.reserveRatio - 0.4) < 1e-12);
  planRunning(state);
  assert.equal(state.reserveRatio, 0.2);
});
