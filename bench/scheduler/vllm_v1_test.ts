import assert from "node:assert/strict";
import { scheduleOf } from "./testing_schedule.ts";

const profile = "vllm-v1" as const;

Deno.test("vllm-v1 serves decodes and prefills in one order and cuts prompts by the budget", () => {
  const { steps } = scheduleOf({
    profile,
    rows: [[40, 3], [10, 2]],
    settings: { maxBatchedTokens: 20 },
  });
  assert.deepEqual(steps(), [[20, 0], [20, 0], [1, 10], [1, 1]]);
});

Deno.test("vllm-v1 cuts prompts on page boundaries where window heads recycle", () => {
  const { steps } = scheduleOf({
    profile,
    rows: [[40, 3], [10, 2]],
    settings: { maxBatchedTokens: 20 },
    windowRatio: 0.5,
  });
  // The four tokens that are left reach no boundary of the second prompt, and are used all the same.
  assert.deepEqual(steps(), [[16, 4], [16, 4], [8, 2], [1, 1], [1, 0]]);
});

Deno.test("vllm-v1 preempts the last request, to the front of the queue, and then admits no request", () => {
  const { steps, requests } = scheduleOf({
    profile,
    rows: [[32, 3], [32, 3], [8, 1]],
    settings: { maxSequences: 3, maxBatchedTokens: 64 },
    pagesPerHead: 4,
  });
  // The first decode takes the third page, and the second request loses its two. It comes back in
  // step 3 with the token that it had, before the third request, which would have fitted earlier.
  assert.deepEqual(steps(), [[32, 32, 0], [1, 0, 0], [1, 0, 0], [33, 8, 0], [1, 0, 0]]);
  assert.deepEqual(requests.map(({ preemptions }) => preemptions), [0, 1, 0]);
});

Deno.test("vllm-v1 preempts a prefill that cannot grow when it is itself the last", () => {
  const { step, requests, waiting } = scheduleOf({
    profile,
    rows: [[16, 20], [64, 1]],
    settings: { maxBatchedTokens: 33 },
    pagesPerHead: 4,
  });
  assert.deepEqual(step(), [16, 17]);
  // The decode takes the fourth page; the prefill's next 32 tokens need two.
  assert.deepEqual(step(), [1, 0]);
  assert.deepEqual(waiting(), [1]);
  assert.deepEqual([requests[1].preemptions, requests[1].cached], [1, 0]);
});

Deno.test("vllm-v1 gives a long prompt no more than its threshold a step", () => {
  const { steps } = scheduleOf({
    profile,
    rows: [[40, 1], [10, 1]],
    settings: { maxBatchedTokens: 64, longPrefillTokens: 16 },
  });
  assert.deepEqual(steps(), [[16, 10], [16, 0], [8, 0]]);
});

Deno.test("vllm-v1 admits by the chunk, or by the prompt where that is asked for", () => {
  const first = (admission: "chunk" | "prompt"): number[] =>
    scheduleOf({
      profile,
      rows: [[32, 8], [40, 1]],
      settings: { maxBatchedTokens: 48, admission },
      pagesPerHead: 4,
    }).step();
  assert.deepEqual(first("chunk"), [32, 16]);
  assert.deepEqual(first("prompt"), [32, 0]);
});

Deno.test("vllm-v1 keeps the watermark free beside running requests, not for the first one", () => {
  const first = (watermarkRatio: number): number[] =>
    scheduleOf({
      profile,
      rows: [[32, 2], [16, 1]],
      settings: { maxBatchedTokens: 64, watermarkRatio },
      pagesPerHead: 4,
    }).step();
  assert.deepEqual(first(0.25), [32, 16]);
  assert.deepEqual(first(0.75), [32, 0]);
});

Deno.test("vllm-v1 splits no prompt where chunked prefill is off", () => {
  const { steps } = scheduleOf({
    profile,
    rows: [[20, 1], [20, 1]],
    settings: { maxBatchedTokens: 32, chunkedPrefill: false },
  });
  assert.deepEqual(steps(), [[20, 0], [20, 0]]);
});
