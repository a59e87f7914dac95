import assert from "node:assert/strict";
import { createTestingTimer, type Tampering } from "../clock/testing_timer.ts";
import { openAdapterRunner } from "../clock/mod.ts";
import { SIDES } from "../result/mod.ts";
import { createJudgeThreads } from "./judge_threads.ts";
import { runBench } from "./run_bench.ts";
import { runnerSettings } from "./runner_settings.ts";
import { tinyWorkload } from "./test_support.ts";

const WORKLOAD = tinyWorkload();
const REQUESTS = [0, 1, 2].map((id) => ({
  id,
  arrivalMs: 0,
  inputTokens: 40,
  outputTokens: 90,
}));

async function run(tampering: Tampering) {
  const threads = createJudgeThreads({ threads: 2 });
  let now = 0;
  try {
    return await runBench({
      workload: WORKLOAD,
      pairs: 1,
      trace: { name: "three.csv", sha256: "", dropped: {}, requests: REQUESTS },
      clock: {
        kind: "adapter",
        command: "exec:x",
        openRunner: (side) => {
          const settings = runnerSettings(WORKLOAD, side);
          const cache = {
            ...settings,
            form: SIDES[side.name].form,
            layerGroups: settings.headWindows.length,
            headWindows: Int32Array.from(settings.headWindows.flatMap((row) => [...row])),
            layers: 2,
            seed: 3,
          };
          return openAdapterRunner(createTestingTimer(tampering), cache, {
            now: () => now += 1000,
            judge: threads.judge,
          });
        },
      },
    });
  } finally {
    threads.close();
  }
}

Deno.test("rows are judged in threads, and all of them before a replay ends", async () => {
  const { clockCost, verification } = await run({});
  assert.ok(clockCost!.samples > 3);
  assert.equal(verification.checks, clockCost!.samples);
  assert.ok(verification.worstBudgetUsed! > 0 && verification.worstBudgetUsed! <= 1);
});

Deno.test("a wrong row that a thread finds ends the run", async () => {
  await assert.rejects(run({ output: (output) => output.map(() => 0) }), {
    code: "bench/clock-refused",
    message: /an output is wrong: step/,
  });
});
