import assert from "node:assert/strict";
import { admit, type Slot, validateAllocator } from "../../allocator/mod.ts";
import { requestsOf, tinyRanks, tinyScheduler } from "../run/test_support.ts";
import { chunkTokens } from "./chunk.ts";
import { createLiveRequest, type LiveRequest } from "./live_request.ts";
import { REFERENCE_POLICY } from "./reference.ts";
import {
  admitWaiting,
  createScheduler,
  leaveBatch,
  planStep,
  preempt,
  resolveEmptyStep,
  type Scheduler,
} from "./scheduler.ts";

interface Waiting {
  readonly scheduler: Scheduler;
  readonly requests: readonly LiveRequest[];
  /** Indices of running requests. */
  readonly running: () => number[];
  /** Indices of waiting requests. */
  readonly waiting: () => number[];
}

/** A scheduler in whose queue requests of [prompt, output] tokens stand. */
function waitingOf(
  rows: readonly [number, number][],
  o: { pagesPerHead?: number; settings?: Parameters<typeof tinyScheduler>[0] } = {},
): Waiting {
  const settings = tinyScheduler(o.settings);
  const scheduler = createScheduler({
    settings,
    speculative: null,
    ranks: tinyRanks({ scheduler: settings, pagesPerHead: o.pagesPerHead ?? 16 }),
    seed: 1,
    availability: "pools",
    policy: REFERENCE_POLICY,
  });
  const requests = requestsOf(rows.map(([input, output]) => [0, input, output]))
    .map((source, index) => createLiveRequest(index, source));
  requests.forEach((request) => scheduler.waiting.pushBack(request));
  const indices = (list: readonly LiveRequest[]): number[] => list.map(({ index }) => index);
  return {
    scheduler,
    requests,
    running: () => indices(scheduler.running),
    waiting: () => indices(scheduler.waiting.list()),
  };
}

Deno.test("chunkTokens() ends a chunk on a page boundary when the budget reaches one", () => {
  const { scheduler, requests: [request] } = waitingOf([[100, 1]]);
  assert.equal(chunkTokens(scheduler, request, 100), 100);
  assert.equal(chunkTokens(scheduler, request, 50), 48);
  assert.equal(chunkTokens(scheduler, request, 10), 10);
  request.cached = 10;
  // From 10 on, 6 tokens reach the next boundary and 22 the one after it.
  assert.equal(chunkTokens(scheduler, request, 21), 6);
  assert.equal(chunkTokens(scheduler, request, 22), 22);
  assert.equal(chunkTokens(scheduler, request, 90), 90);
});

Deno.test("admitWaiting() is starved only when no request waits and more could be admitted", () => {
  const { scheduler, running } = waitingOf([[10, 1]]);
  const plan = planStep(scheduler, 0);
  assert.equal(admitWaiting(scheduler, plan), "starved");
  assert.deepEqual(running(), [0]);
  scheduler.waiting.pushBack(createLiveRequest(1, requestsOf([[0, 10, 1]])[0]));
  assert.equal(admitWaiting(scheduler, plan), "done");
  assert.deepEqual(running(), [0, 1]);
});

Deno.test("admitWaiting() counts the pages that running prefills still lack", () => {
  // The first prompt of 7 pages holds 2 after its first chunk; only one of 8 is not spoken for.
  const { scheduler, requests, running } = waitingOf([[112, 1], [20, 1]], {
    pagesPerHead: 8,
    settings: { maxBatchedTokens: 32 },
  });
  admitWaiting(scheduler, planStep(scheduler, 0));
  requests[0].cached = 32;
  const plan = planStep(scheduler, 1);
  plan.budgetTokens = 32;
  admitWaiting(scheduler, plan);
  assert.deepEqual(running(), [0]);
});

Deno.test("resolveEmptyStep() makes the last prefill give way to the others", () => {
  const { scheduler, requests, running, waiting } = waitingOf([[20, 1], [12, 1]]);
  admitWaiting(scheduler, planStep(scheduler, 0));
  assert.deepEqual(running(), [0, 1]);
  resolveEmptyStep(scheduler);
  assert.deepEqual(running(), [0]);
  assert.deepEqual(waiting(), [1]);
  assert.deepEqual(requests.map(({ preemptions }) => preemptions), [0, 1]);
  resolveEmptyStep(scheduler);
  assert.deepEqual(running(), []);
  assert.match(scheduler.failed[0].reason, /although it is alone/);
});

Deno.test("resolveEmptyStep() fails the front of the queue when no one runs", () => {
  const { scheduler, requests, waiting } = waitingOf([[20, 1], [12, 1]]);
  resolveEmptyStep(scheduler);
  assert.equal(scheduler.failed[0].request, requests[0]);
  assert.deepEqual(waiting(), [1]);
});

Deno.test("leaveBatch() gives back the slot and every page", () => {
  const { scheduler, requests } = waitingOf([[20, 1]]);
  admitWaiting(scheduler, planStep(scheduler, 0));
  leaveBatch(scheduler, requests[0]);
  assert.deepEqual([...scheduler.ranks.measured.state.active], [0, 0]);
  assert.deepEqual(validateAllocator(scheduler.ranks.measured), []);
});

Deno.test("planStep() admits no request in a step that preempts", () => {
  const { scheduler, requests, waiting } = waitingOf([[16, 10], [16, 10]], {
    pagesPerHead: 2,
    settings: { maxBatchedTokens: 64 },
  });
  admitWaiting(scheduler, planStep(scheduler, 0));
  for (const request of requests) {
    request.decoding = true;
    request.cached = 16;
    request.generated = 1;
  }
  const plan = planStep(scheduler, 1);
  assert.deepEqual(waiting(), [1]);
  assert.equal(plan.admitting, false);
  assert.equal(plan.tokens, 1);
});

Deno.test("planStep() admits no request while a running prefill is blocked", () => {
  const { scheduler, requests } = waitingOf([[64, 1], [1, 1]], { pagesPerHead: 4 });
  admitWaiting(scheduler, planStep(scheduler, 0));
  requests[0].cached = 32;
  // Somebody else's pages: the prefill cannot continue.
  admit(scheduler.ranks.measured, 1 as Slot, 32);
  const plan = planStep(scheduler, 1);
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
  const { scheduler, requests, waiting } = waitingOf([[12, 10], [12, 10]], {
    settings: { reserve },
  });
  admitWaiting(scheduler, planStep(scheduler, 0));
  [requests[0].generated, requests[1].generated] = [6, 4];
  preempt(scheduler, requests[1]);
  assert.equal(scheduler.reserve, 0.6);
  assert.equal(requests[1].prefillTokens, 16);
  preempt(scheduler, requests[0]);
  assert.equal(scheduler.reserve, 0.6);
  assert.deepEqual(waiting(), [0, 1]);
});

Deno.test("planStep() lets the reserve decay to its floor", () => {
  const { scheduler } = waitingOf([[20, 1]], {
    settings: {
      reserve: {
        kind: "ratio",
        initialRatio: 0.7,
        decayPerStep: 0.3,
        floorRatio: 0.2,
        capTokens: 64,
      },
    },
  });
  planStep(scheduler, 0);
  assert.ok(Math.abs(scheduler.reserve - 0.4) < 1e-12);
  planStep(scheduler, 1);
  assert.equal(scheduler.reserve, 0.2);
});
