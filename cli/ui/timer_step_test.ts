import assert from "node:assert/strict";
import { timerStepMs } from "./timer_step.ts";

Deno.test("timerStepMs() finds the steps of browsers, and none in what is not rounded", () => {
  const cases: [readonly number[], number | null][] = [
    [[0.131072, 0.196608, 0.131072], 0.065536],
    [[0.131072, 0.131072], 0.065536],
    [[0.3, 0.5, 1.1], 0.1],
    [[0.123456, 0.130001], null],
    [[0.004, 0.006], 0.002],
    [[], null],
    [[0], null],
  ];
  for (const [samplesMs, stepMs] of cases) assert.equal(timerStepMs(samplesMs), stepMs);
});
