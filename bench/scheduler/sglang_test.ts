import assert from "node:assert/strict";
import { scheduleOf } from "./testing_schedule.ts";

const profile = "sglang" as const;

Deno.test("sglang runs prefills before decodes and cuts one prompt at a time in whole pages", () => {
  const { steps } = scheduleOf({ profile, rows: [[16, 4], [40, 1]] });
  // The first request waits with its second token for the other one's last chunk.
  assert.deepEqual(steps(), [[16, 16], [0, 24], [1, 0], [1, 0], [1, 0]]);
});

Deno.test("sglang lets decodes join prefills where chunks are mixed", () => {
  const { steps } = scheduleOf({
    profile,
    rows: [[16, 4], [40, 1]],
    settings: { mixChunks: true },
  });
  assert.deepEqual(steps(), [[16, 16], [1, 24], [1, 0], [1, 0]]);
});

Deno.test("sglang admits no request beside a prompt that is not complete", () => {
  const { steps } = scheduleOf({
    profile,
    rows: [[64, 1], [8, 1]],
    settings: { maxBatchedTokens: 32, maxSequences: 3 },
  });
  assert.deepEqual(steps(), [[32, 0, 0], [32, 0, 0], [8, 0, 0]]);
});

Deno.test("sglang admits what may be generated too, beside the expected share of the others'", () => {
  const first = (initialRatio: number): number[] =>
    scheduleOf({
      profile,
      rows: [[16, 33], [16, 16]],
      settings: {
        maxBatchedTokens: 64,
        reserve: { kind: "ratio", initialRatio, decayPerStep: 0, floorRatio: 0, capTokens: 4096 },
      },
      pagesPerHead: 4,
    }).step();
  // The second needs 2 pages of the 3 that are free; the first is expected to take 0, then 33 tokens.
  assert.deepEqual(first(0), [16, 16]);
  assert.deepEqual(first(1), [16, 0]);
});

Deno.test("sglang retracts the decode with fewest tokens and longest prompt to the back of the queue", () => {
  const { step, requests, waiting, scheduler } = scheduleOf({
    profile,
    rows: [[30, 20], [31, 20], [60, 1]],
    settings: {
      maxSequences: 3,
      maxBatchedTokens: 64,
      reserve: { kind: "ratio", initialRatio: 0, decayPerStep: 0, floorRatio: 0, capTokens: 1 },
    },
    pagesPerHead: 4,
  });
  assert.deepEqual(step(), [30, 31, 0]);
  assert.deepEqual(step(), [1, 1, 0]);
  // The second request's 33rd token has no page. The first is left with 20 tokens' room.
  assert.deepEqual(step(), [1, 0, 0]);
  assert.deepEqual(waiting(), [2, 1]);
  assert.deepEqual(requests.map(({ preemptions }) => preemptions), [0, 1, 0]);
  // It had generated 2 of 20 tokens: (2 + 20) / (20 + 1), at most 1.
  assert.equal(scheduler.reserve, 1);
});

Deno.test("sglang retracts the decode with fewest tokens before the one with the longest prompt", () => {
  const { step, requests } = scheduleOf({
    profile,
    rows: [[31, 20], [30, 20]],
    settings: {
      maxBatchedTokens: 64,
      reserve: { kind: "ratio", initialRatio: 0, decayPerStep: 0, floorRatio: 0, capTokens: 1 },
    },
    pagesPerHead: 4,
  });
  step();
  step();
  requests[1].generated = 1;
  // The first request's 33rd token has no page, and its prompt is the longer one.
  assert.deepEqual(step(), [1, 0]);
  assert.deepEqual(requests.map(({ preemptions }) => preemptions), [0, 1]);
});
