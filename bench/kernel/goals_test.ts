import assert from "node:assert/strict";
import type { KernelGoal } from "./case.ts";
import { judgeKernelGoals } from "./goals.ts";
import type { KernelCaseResult, PeersReport } from "./result_schema.ts";
import { timedCase } from "./test_support.ts";

const PEERS: PeersReport = {
  peers: [],
  results: [
    {
      peer: "sdpa-flash",
      case: "smoke-decode",
      outcome: { kind: "timed", samplesMs: [2], medianMs: 2, note: "" },
    },
    {
      peer: "sdpa-cudnn",
      case: "smoke-decode",
      outcome: { kind: "timed", samplesMs: [0.5], medianMs: 0.5, note: "" },
    },
  ],
};

function judge(goal: KernelGoal, peers: PeersReport | null = PEERS) {
  const decode = timedCase("smoke-decode", [1]);
  const cases: KernelCaseResult[] = [
    { ...decode, case: { ...decode.case, goals: [goal] } },
    timedCase("smoke-prefill", [4]),
  ];
  const [{ value, met }] = judgeKernelGoals(cases, peers);
  return { value, met };
}

Deno.test("judgeKernelGoals() measures each goal in its own unit", () => {
  assert.deepEqual(judge({ kind: "times", case: "smoke-prefill", atMost: 0.25 }), {
    value: 0.25,
    met: true,
  });
  assert.equal(judge({ kind: "times", case: "smoke-prefill", atMost: 0.24 }).met, false);
  assert.deepEqual(judge({ kind: "peer", peer: "sdpa-flash", atLeast: 1 }), {
    value: 2,
    met: true,
  });
  assert.deepEqual(judge({ kind: "peer", peer: "any", atLeast: 1 }), { value: 0.5, met: false });
  const share = judge({ kind: "ceiling", atLeast: 0.5 });
  assert.ok(share.value! > 0 && share.value! < 0.5 && share.met === false);
  assert.equal(judge({ kind: "flops", atLeast: 1 }).met, true);
  const host = judge({ kind: "host", atMostMs: 0.061 });
  assert.ok(Math.abs(host.value! - 0.06) < 1e-9 && host.met === true);
  const overhead = judge({ kind: "overhead", atMostMicroseconds: 1 });
  assert.ok(overhead.value! > 1 && overhead.met === false);
});

Deno.test("judgeKernelGoals() compares times with the keys read when windows skip pages", () => {
  const keysOf = (name: string): number => {
    const { outcome } = timedCase(name, [1]);
    assert.ok(outcome.kind === "timed");
    return outcome.keysRead;
  };
  const ratio = 1 / 4 / (keysOf("smoke-decode") / keysOf("smoke-prefill"));
  const judged = judge({ kind: "walk", case: "smoke-prefill", within: 0.15 });
  assert.ok(Math.abs(judged.value! - ratio) < 1e-12);
  assert.equal(judged.met, Math.abs(ratio - 1) <= 0.15);
});

Deno.test("judgeKernelGoals() says nothing when a side has no time", () => {
  const nothing = { value: null, met: null };
  assert.deepEqual(judge({ kind: "times", case: "smoke-window", atMost: 1 }), nothing);
  assert.deepEqual(judge({ kind: "peer", peer: "flex-attention", atLeast: 1 }), nothing);
  assert.deepEqual(judge({ kind: "peer", peer: "any", atLeast: 1 }, null), nothing);
});
