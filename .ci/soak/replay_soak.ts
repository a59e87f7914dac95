/** Many thousand steps of the scheduler, by replays one after the other and by a server's engine. */
import assert from "node:assert/strict";
import { timeReplay } from "../../tools/replay_speed.ts";
import { createServeEngine } from "../../bench/live/serve_engine.ts";
import { SIDES } from "../../bench/result/sides.ts";
import type { TraceRequest, Workload } from "../../fixtures/mod.ts";

/** Requests of one replay. */
const REQUESTS = 60;

/**
 * Replays requests again and again until so many steps are done.
 *
 * @param workload Workload with ceilings.
 * @param o Number of steps, and a look after each replay.
 * @returns Steps and replays.
 */
export async function soakReplay(
  workload: Workload,
  o: { readonly steps: number; readonly onLook: () => void },
): Promise<{ readonly steps: number; readonly replays: number }> {
  const requests = Array.from({ length: REQUESTS }, (_, id): TraceRequest => ({
    id,
    arrivalMs: id * 0.2,
    inputTokens: 20 + id * 37 % 180,
    outputTokens: 10 + id * 53 % 90,
  }));
  let steps = 0;
  let replays = 0;
  while (steps < o.steps) {
    steps += (await timeReplay(workload, requests)).steps;
    replays++;
    o.onLook();
  }
  return { steps, replays };
}

/**
 * Keeps a server's engine busy until so many steps are done.
 *
 * @param workload Workload with ceilings.
 * @param o Number of steps, steps between two looks, and the look.
 * @returns Steps and requests served.
 */
export async function soakEngine(
  workload: Workload,
  o: { readonly steps: number; readonly stepsPerLook: number; readonly onLook: () => void },
): Promise<{ readonly steps: number; readonly requests: number }> {
  const engine = createServeEngine({
    workload,
    side: SIDES["pooled-recycle"],
    ceilings: { ...workload.ceilings!, source: "fixture" },
    timeScale: 0,
    maxRequests: 64,
    prefixCache: true,
    seed: 1,
  });
  let requests = 0;
  let nextLook = o.stepsPerLook;
  const ask = (): void => {
    const ordinal = requests++;
    engine.submit({
      inputTokens: 20 + ordinal * 37 % 180,
      outputTokens: 10 + ordinal * 53 % 90,
      // Some prompts share their first block, and none of them is the last of its kind.
      prefixBlocks: [ordinal % 5],
      onTokens: () => {},
      onEnd: (reason) => {
        assert.equal(reason, null);
        const { steps } = engine.status();
        if (steps >= nextLook) {
          nextLook += o.stepsPerLook;
          o.onLook();
        }
        if (steps < o.steps) ask();
      },
    });
  };
  for (let i = 0; i < 32; i++) ask();
  while (engine.status().steps < o.steps || engine.status().running > 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { steps } = engine.status();
  await engine.close();
  return { steps, requests };
}
