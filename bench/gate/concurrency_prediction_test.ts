import assert from "node:assert/strict";
import { type ConcurrencyOptions, predictConcurrency } from "./concurrency_prediction.ts";
import { runBench } from "../run/run_bench.ts";
import { SIDES } from "../result/sides.ts";
import { requestsOf, tinyHeads, tinyScheduler, tinyWorkload } from "../run/test_support.ts";

function options(changes: Partial<ConcurrencyOptions> = {}): ConcurrencyOptions {
  return {
    side: SIDES.headwise,
    heads: tinyHeads(),
    pageSizeTokens: 16,
    pagesPerHead: 64,
    scheduler: tinyScheduler({ maxSequences: 32 }),
    requests: Array.from({ length: 40 }, () => ({ inputTokens: 144, outputTokens: 96 })),
    ...changes,
  };
}

Deno.test("predictConcurrency() counts pages of a full head when each head has a pool", () => {
  const prediction = predictConcurrency(options());
  // 144 tokens take 9 pages; half way through 96 more it is (144 + 48) / 16 + 0.5.
  assert.equal(prediction.admissionPages, 9);
  assert.equal(prediction.heldPages, 12.5);
  assert.equal(prediction.roomRequests, 1 + 55 / 12.5);
  assert.equal(prediction.concurrency, 5);
  assert.equal(prediction.boundBy, "pages");
  const recycled = predictConcurrency(options({ side: SIDES["headwise-recycle"] }));
  assert.equal(recycled.concurrency, 5);
});

Deno.test("predictConcurrency() adds chunk and window of window heads when one pool recycles", () => {
  const prediction = predictConcurrency(options({ side: SIDES["pooled-recycle"] }));
  // ceil(31 / 16) + 1 pages of a window of 32, and ceil(62 / 16) + 1 with a chunk of 32 beside it.
  assert.equal(prediction.heldPages, 12.5 + 3);
  assert.equal(prediction.admissionPages, 9 + 5);
  assert.equal(prediction.capacityPages, 128);
  assert.equal(prediction.concurrency, Math.floor(114 / 15.5) + 1);
});

Deno.test("predictConcurrency() gains with pools per head when every head has a window", () => {
  const heads = tinyHeads({ ratio: 1 });
  const of = (side: ConcurrencyOptions["side"]): number =>
    predictConcurrency(options({ heads, side })).concurrency;
  assert.equal(of(SIDES.headwise), 5);
  assert.equal(of(SIDES["headwise-recycle"]), Math.floor(59 / 3) + 1);
});

Deno.test("predictConcurrency() counts pages taken ahead and pages kept back", () => {
  const reserve = {
    kind: "ratio",
    initialRatio: 0.7,
    decayPerStep: 0.001,
    floorRatio: 0.5,
    capTokens: 4096,
  } as const;
  const scheduler = tinyScheduler({ maxSequences: 32, preallocatedPages: 2, reserve });
  const prediction = predictConcurrency(options({ scheduler }));
  assert.equal(prediction.heldPages, 13.5);
  // Half of 96 tokens fall from 3 pages to 0: 3, 2 and 1 for a third of the time each.
  assert.equal(prediction.reservePages, 2);
});

Deno.test("predictConcurrency() is bound by slots or by the number of requests", () => {
  const scheduler = tinyScheduler({ maxSequences: 3 });
  assert.deepEqual(
    [predictConcurrency(options({ scheduler }))].map((p) => [p.concurrency, p.boundBy]),
    [[3, "slots"]],
  );
  const requests = [{ inputTokens: 144, outputTokens: 96 }];
  assert.equal(predictConcurrency(options({ requests })).concurrency, 1);
});

Deno.test("predictConcurrency() is 0 when not one request fits", () => {
  assert.equal(predictConcurrency(options({ pagesPerHead: 8 })).concurrency, 0);
});

Deno.test("predictConcurrency() foretells what the replay comes to", async () => {
  const requests = requestsOf(Array.from({ length: 60 }, () => [0, 144, 96]));
  const result = await runBench({
    workload: tinyWorkload({
      cache: {
        dtype: "bf16",
        pageSizeTokens: 16,
        pagesPerHead: 128,
        kvBytes: 0,
        prefixCache: false,
      },
      scheduler: tinyScheduler({ maxSequences: 32, maxBatchedTokens: 128 }),
    }),
    trace: { name: "equal.csv", sha256: "", dropped: {}, requests },
    gates: ["gate/capacity"],
    clock: { kind: "model", reason: null },
    maxChecks: 1,
  });
  for (const outcome of result.capacityGate!.outcomes) {
    const { predictedOff, predictedOn, replayedOff, replayedOn } = outcome;
    assert.ok(Math.abs(replayedOff! / predictedOff.concurrency - 1) < 0.05, `${replayedOff}`);
    assert.ok(Math.abs(replayedOn! / predictedOn.concurrency - 1) < 0.05, `${replayedOn}`);
  }
});
