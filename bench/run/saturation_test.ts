import assert from "node:assert/strict";
import type { Workload } from "../../fixtures/mod.ts";
import { runBench } from "./run_bench.ts";
import { resolveSaturation } from "./saturation.ts";
import { tinyWorkload } from "./test_support.ts";

function workloadAt(share: number): Workload {
  return tinyWorkload({
    requests: {
      kind: "synthetic",
      count: 200,
      arrivals: { kind: "saturation-share", share, ratePerSecond: null },
      inputTokens: { kind: "uniform", minTokens: 20, maxTokens: 80 },
      outputTokens: { kind: "uniform", minTokens: 4, maxTokens: 20 },
    },
  });
}

Deno.test("resolveSaturation() gives arrivals the share of what the saturated baseline serves", async () => {
  const clock = { kind: "model", reason: null } as const;
  const rateOf = async (share: number): Promise<number> => {
    const { workload } = await resolveSaturation({ workload: workloadAt(share), clock });
    assert.ok(workload.requests.kind === "synthetic");
    assert.ok(workload.requests.arrivals.kind === "saturation-share");
    return workload.requests.arrivals.ratePerSecond!;
  };
  const saturated = await runBench({
    workload: tinyWorkload({
      requests: {
        ...workloadAt(1).requests,
        arrivals: { kind: "all-at-once" },
      } as Workload["requests"],
    }),
    clock,
  });
  const served = saturated.sides[0].runs[0].performance!.requestsPerSecond!;
  assert.equal(await rateOf(1), served);
  assert.equal(await rateOf(0.5), served / 2);
});

Deno.test("runBench() records the rate and queues less at half load than saturated", async () => {
  const clock = { kind: "model", reason: null } as const;
  const [half, over] = await Promise.all(
    [0.5, 2].map((share) => runBench({ workload: workloadAt(share), clock })),
  );
  const queueOf = (result: typeof half): number =>
    result.sides[0].runs[0].performance!.queueMs!.mean;
  assert.ok(queueOf(half) * 5 < queueOf(over), `${queueOf(half)} and ${queueOf(over)}`);
  const rate = half.workload.settings?.["requests.arrivals.ratePerSecond"];
  assert.ok(typeof rate === "number" && rate > 0);
  // The same arrivals on every side.
  assert.deepEqual(half.requestList?.arrivalMs.slice(0, 1), [0]);
});
