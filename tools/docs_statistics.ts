/** Tables of `docs/statistics.md`: how often verdicts are right, by simulation. */

import { createRandom } from "../allocator/mod.ts";
import { READ_THRESHOLD } from "../bench/gate/mod.ts";
import { detectableMargin, planLooks } from "../bench/statistics/mod.ts";
import { markdownTable } from "../bench/report/markdown.ts";
import { figures, labels } from "../cli/terminal/mod.ts";
import { type PageSections, percent } from "./docs_page.ts";
import { type NoiseModel, type SimulatedGate, simulateGate } from "./noise_simulation.ts";

/** Simulations a figure, as the page says. */
const TRIALS = 1000;
const SEED = 97;
const ONE: NoiseModel = { runNoise: 0.01 };
const THREE: NoiseModel = { runNoise: 0.03 };
const BY_REQUEST: NoiseModel = { runNoise: 0.01, requestNoise: 0.1 };
const DRIFTING: NoiseModel = { runNoise: 0.01, drift: 0.05 };
const NOISES: readonly (readonly [string, NoiseModel])[] = [
  ["1 % a run", ONE],
  ["1 % a run, 10 % a request", BY_REQUEST],
  ["3 % a run", THREE],
  ["1 % a run, 5 % drift", DRIFTING],
];

interface Rates {
  readonly pass: number;
  readonly fail: number;
  readonly meanPairs: number;
}

function rates(o: SimulatedGate): Rates {
  const random = createRandom(SEED);
  let [pass, fail, pairs] = [0, 0, 0];
  for (let trial = 0; trial < TRIALS; trial++) {
    const result = simulateGate(random, o);
    if (result.verdict === "PASS") pass++;
    if (result.verdict === "FAIL") fail++;
    pairs += result.pairs;
  }
  return { pass: pass / TRIALS, fail: fail / TRIALS, meanPairs: pairs / TRIALS };
}

/** Simulates everything and lays it out. */
export function statisticsSections(): PageSections {
  return {
    "false alarms": falseAlarms(),
    power: power(),
    detectable: detectable(),
    looks: looks(),
    sequential: sequential(),
  };
}

function falseAlarms(): string[] {
  const pairs = [4, 8, 10];
  return markdownTable(
    [...labels("noise"), ...figures(...pairs.map((count) => `${count} pairs`))],
    NOISES.map(([name, noise]) => [
      name,
      ...pairs.map((plan) => {
        const { pass, fail } = rates({ plan, trueRatio: 1, threshold: 1, metrics: 1, noise });
        return percent(pass + fail);
      }),
    ]),
  );
}

function power(): string[] {
  const gains = [0, 0.05, 0.07, 0.1];
  const rows = NOISES.flatMap(([name, noise]) =>
    (["mean", "request-median"] as const).map((estimator) => [
      name,
      estimator === "mean" ? "means (the verdict)" : "request medians",
      ...gains.map((gain) =>
        percent(
          rates({
            plan: 8,
            trueRatio: 1 - gain,
            threshold: READ_THRESHOLD,
            metrics: 2,
            noise,
            estimator,
          }).pass,
        )
      ),
    ])
  );
  return markdownTable([
    ...labels("noise, 8 pairs", "judged by"),
    ...figures(...gains.map((gain) => `true gain ${(gain * 100).toFixed(0)} %`)),
  ], rows);
}

function detectable(): string[] {
  const pairs = [4, 6, 8, 10, 20];
  return markdownTable(
    [...labels("noise of a run"), ...figures(...pairs.map((count) => `${count} pairs`))],
    [0.005, 0.01, 0.03].map((noise) => [
      percent(noise),
      ...pairs.map((count) => {
        const margin = detectableMargin(Math.SQRT2 * noise, count);
        return percent(1 - READ_THRESHOLD * Math.exp(-margin));
      }),
    ]),
  );
}

function looks(): string[] {
  return markdownTable(
    figures("first look", "most pairs", "looks", "first level", "last"),
    [[4, 8], [4, 16], [4, 32], [6, 32]].map(([firstPairs, maxPairs]) => {
      const { looks, levels } = planLooks({ firstPairs, maxPairs });
      const counts = [firstPairs, maxPairs, looks.length].map(String);
      return [...counts, percent(levels[0]), percent(levels.at(-1)!)];
    }),
  );
}

function sequential(): string[] {
  const plan = planLooks({ firstPairs: 4, maxPairs: 32 });
  const rows = [["1 %", ONE], ["3 %", THREE]] as const;
  return markdownTable(
    figures("noise of a run", "true gain", "PASS", "FAIL", "pairs, mean"),
    rows.flatMap(([name, noise]) =>
      [0, 0.05, 0.07, 0.1, 0.3].map((gain) => {
        const trueRatio = 1 - gain;
        const o = { plan, trueRatio, threshold: READ_THRESHOLD, metrics: 1, noise };
        const { pass, fail, meanPairs } = rates(o);
        return [name, percent(gain), percent(pass), percent(fail), meanPairs.toFixed(1)];
      })
    ),
  );
}
