import assert from "node:assert/strict";
import { measureLive } from "./live_metrics.ts";
import type { LiveRecord } from "./live_types.ts";

function record(o: Partial<LiveRecord> & { id?: number }): LiveRecord {
  const { id, ...rest } = o;
  return {
    request: { id: id ?? 0, arrivalMs: 0, inputTokens: 10, outputTokens: 5 },
    scheduledMs: 100,
    sentMs: 110,
    firstMs: 150,
    lastMs: 190,
    endMs: 200,
    gapsMs: [10, 30],
    chunkTokens: [1, 1, 3],
    exactChunks: true,
    promptTokens: 11,
    completionTokens: 5,
    error: null,
    ...rest,
  };
}

Deno.test("measureLive() counts time from the schedule and gaps by tokens", () => {
  const { performance } = measureLive({ records: [record({})], peakInFlight: 1 }, null);
  assert.equal(performance.ttftMs?.mean, 50);
  assert.equal(performance.serviceTtftMs?.mean, 40);
  assert.equal(performance.clientQueueMs?.mean, 10);
  // One token 10 ms after the first, then three that share 30 ms.
  assert.equal(performance.tbtMs?.count, 4);
  assert.equal(performance.tbtMs?.mean, 10);
  assert.equal(performance.chunkGapMs?.mean, 20);
  assert.equal(performance.tpotMs?.mean, 10);
  assert.equal(performance.endToEndMs?.mean, 90);
  assert.equal(performance.durationMs, 100);
  assert.equal(performance.outputTokensPerSecond, 50);
  assert.deepEqual(performance.promptTokens, { asked: 10, counted: 11 });
  assert.equal(performance.goodputPerSecond, null);
});

Deno.test("measureLive() takes TPOT over the tokens whose text came, as the last may have none", () => {
  const { performance } = measureLive({
    records: [record({ completionTokens: 7 })],
    peakInFlight: 1,
  }, null);
  assert.equal(performance.tpotMs?.mean, 10);
});

Deno.test("measureLive() is null and never 0 where a count is missing or all failed", () => {
  const uncounted = record({ chunkTokens: null, completionTokens: null });
  const some = measureLive({ records: [record({}), uncounted], peakInFlight: 2 }, null);
  assert.equal(some.performance.tbtMs, null);
  assert.equal(some.performance.outputTokensPerSecond, null);
  assert.equal(some.performance.outputTokens.counted, null);
  assert.equal(some.performance.chunkGapMs?.count, 4);
  const error = { request: 0, kind: "connect", message: "refused" } as const;
  const failed = record({ error, firstMs: null, lastMs: null, gapsMs: [], chunkTokens: null });
  const none = measureLive({ records: [failed], peakInFlight: 1 }, {
    ttftMs: 1,
    tbtMs: null,
    endToEndMs: null,
  });
  assert.equal(none.performance.ttftMs, null);
  assert.equal(none.performance.requestsPerSecond, null);
  assert.equal(none.performance.goodShare, 0);
  assert.deepEqual(none.samples.ttftMs, [null]);
});
