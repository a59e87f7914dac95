/** `docs/statistics.md`: how often verdicts are right, by simulation. */

import { createRandom } from "../allocator/mod.ts";
import { READ_THRESHOLD } from "../bench/gate/mod.ts";
import { detectableMargin, planLooks } from "../bench/statistics/mod.ts";
import { markdownList, markdownParagraph, markdownTable } from "../bench/report/markdown.ts";
import { type NoiseModel, type SimulatedGate, simulateGate } from "./noise_simulation.ts";

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

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const right = (title: string) => ({ title, align: "right" as const });

/** Lays out the document. */
export function renderStatisticsDocument(): string {
  const lines = [
    "# How often verdicts are right",
    "",
    "<!-- Written by `deno task docs:figures`; do not edit. -->",
    "",
    ...markdownParagraph(
      "A measuring clock gives other times in every replay. A gate therefore compares run pairs " +
        "whose sides alternate, forwards and backwards (A B, B A, …), and judges the log ratio " +
        "of each pair's means by a two-sided 95 % paired-t interval. The figures here are of " +
        `${TRIALS} seeded simulations each, with log-normal noise: a factor for each run, a ` +
        "factor for each of 100 requests of very different lengths, or a drift of all times from " +
        "the first replay to the last.",
    ),
    "",
    "## A against A",
    "",
    ...markdownParagraph(
      "Share of runs in which the interval excludes equality although both sides are the same; " +
        "nominal is one in twenty. A drift widens the interval and so makes it safer, not falser.",
    ),
    "",
    ...falseAlarms(),
    "",
    "## Power of the 5 % gate",
    "",
    ...markdownParagraph(
      "Share of runs that PASS where both metrics, with noise of their own, have to. At a true " +
        "gain of 5 % one metric alone passes in 2.5 % of runs, both together more rarely still. " +
        "The verdict is made from means, as the gate is worded; the median over requests of each " +
        "pair's ratios stands beside it in the result, and by these figures is no sharper.",
    ),
    "",
    ...power(),
    "",
    "## Smallest effect seen",
    "",
    ...markdownParagraph(
      "True gain that one metric passes with in four runs of five, (t(0.975) + t(0.8))·s/√K beyond " +
        "the threshold, s = √2 times the noise of a run. The result states it for the noise that " +
        "was really seen.",
    ),
    "",
    ...detectable(),
    "",
    "## Stopping when it is decided",
    "",
    ...markdownParagraph(
      "`headwise bench --pairs N --until-decided --max-pairs M` looks after N pairs and after " +
        "every second pair from there. Watching a 95 % interval that way would err far more " +
        "often than one time in twenty, so every look uses a stricter level, by Wang and Tsiatis' " +
        "group-sequential boundary with Δ = 0.25: early looks ask for more, and all looks together " +
        "err in 5 % of runs. " +
        "The paired t statistic without an effect has the same law whatever the noise, so a " +
        "seeded simulation of it gives the level:",
    ),
    "",
    ...markdownTable(
      [
        right("first look"),
        right("most pairs"),
        right("looks"),
        right("first level"),
        right("last"),
      ],
      [[4, 8], [4, 16], [4, 32], [6, 32]].map(([firstPairs, maxPairs]) => {
        const plan = planLooks({ firstPairs, maxPairs });
        return [
          String(firstPairs),
          String(maxPairs),
          String(plan.looks.length),
          percent(plan.levels[0]),
          percent(plan.levels.at(-1)!),
        ];
      }),
    ),
    "",
    ...markdownParagraph(
      "What that comes to with at most 32 pairs, the first look after 4, one metric:",
    ),
    "",
    ...sequential(),
    "",
    ...markdownList([
      "Looks lie after even numbers of pairs, where each side has gone first equally often.",
      "The interval of a run that stopped early holds at 95 % over all looks that it could have " +
      "had.",
      "A clock that repeats itself exactly is decided by one pair.",
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function falseAlarms(): string[] {
  const pairs = [4, 8, 10];
  return markdownTable(
    [{ title: "noise" }, ...pairs.map((count) => right(`${count} pairs`))],
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
    { title: "noise, 8 pairs" },
    { title: "judged by" },
    ...gains.map((gain) => right(`true gain ${(gain * 100).toFixed(0)} %`)),
  ], rows);
}

function detectable(): string[] {
  const pairs = [4, 6, 8, 10, 20];
  return markdownTable(
    [{ title: "noise of a run" }, ...pairs.map((count) => right(`${count} pairs`))],
    [0.005, 0.01, 0.03].map((noise) => [
      percent(noise),
      ...pairs.map((count) => {
        const margin = detectableMargin(Math.SQRT2 * noise, count);
        return percent(1 - READ_THRESHOLD * Math.exp(-margin));
      }),
    ]),
  );
}

function sequential(): string[] {
  const plan = planLooks({ firstPairs: 4, maxPairs: 32 });
  const rows = [["1 %", ONE], ["3 %", THREE]] as const;
  return markdownTable(
    [
      right("noise of a run"),
      right("true gain"),
      right("PASS"),
      right("FAIL"),
      right("pairs, mean"),
    ],
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
