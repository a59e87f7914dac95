/** Checks of what a verdict is about: its kernels, its clock, its side, whole answers, and its power. */
import { LEAST_MARGIN, requireEqual, requireThat } from "../../conformance/mod.ts";
import { BenchError, type SideName } from "../../bench/mod.ts";
import { readRuns, replayOf } from "./testing_runs.ts";
import {
  defineCheck,
  grid,
  requireRefused,
  type ToolAnswers,
  type ToolCheck,
  type ToolReplay,
  type ToolRuns,
} from "./testing_tool.ts";

/** The kernel forms of the ABI with the sides that stand for them, and how fast each is stated to be. */
const FORMS = {
  "two-pass": { side: "two-pass", time: 1.2 },
  "row": { side: "uniform", time: 1 },
  "headwise-row": { side: "headwise-row", time: 1.001 },
  "clipped": { side: "uniform-clipped", time: 0.8 },
  "headwise": { side: "headwise", time: 0.85 },
} as const satisfies Record<string, { side: SideName; time: number }>;

type Form = keyof typeof FORMS;
const FORM_NAMES = Object.keys(FORMS) as Form[];

const ANSWERS: ToolAnswers = {
  completed: 20,
  failed: 0,
  outputTokens: 2000,
  inputTokens: 40_000,
  ttftMs: 200,
  tbtMs: 20,
};

/** What may be wrong with answers. */
const CHANGES: Readonly<Record<string, Partial<ToolAnswers>>> = {
  none: {},
  failed: { completed: 19, failed: 1, outputTokens: 1900 },
  "nothing_answered": { completed: 0, failed: null, outputTokens: 0 },
  "half_answered": { completed: 10, outputTokens: 1000, inputTokens: 20_000 },
  shorter: { outputTokens: 1000 },
  "other_prompts": { inputTokens: 20_000 },
};

const isNotComparable = (error: unknown): boolean => error instanceof BenchError;

/** Replays of one side at a time over that of the row walk, which scatter a little. */
function replays(time: number): ToolReplay[] {
  return Array.from({ length: 6 }, (_, pair) => {
    const scatter = 1 + 0.0005 * (pair % 2 === 0 ? 1 : -1);
    return replayOf({ ttftMs: 200 * time * scatter, tbtMs: 20 * time * scatter });
  });
}

/** Two results whose head-wise side is much faster than the uniform one, in both. */
function regressionRuns(
  o: { readonly before: number; readonly after: number },
): { readonly before: ToolRuns; readonly after: ToolRuns } {
  const runsOf = (slower: number): ToolRuns => ({
    sides: {
      "uniform": replays(slower),
      "uniform-clipped": replays(0.6 * slower),
      "headwise": replays(0.5 * slower),
    },
  });
  // Two measured runs never agree to the last digit.
  return { before: runsOf(o.before), after: runsOf(o.after * 1.0001) };
}

/** The same runs; half of each time of the row walk is modelled, and is the same on every side. */
function withConstantRest(runs: ToolRuns): ToolRuns {
  const modelled = (runs.sides.uniform ?? []).map(({ ttftMs, tbtMs }) => ({
    ttftMs: (ttftMs ?? 0) / 2,
    tbtMs: (tbtMs ?? 0) / 2,
  }));
  const sides = Object.entries(runs.sides).map(([name, all]) => [
    name,
    all.map((replay, pair) => ({ ...replay, modelled: modelled[pair]! })),
  ]);
  return { ...runs, sides: Object.fromEntries(sides) };
}

export const claimChecks: readonly ToolCheck[] = [
  defineCheck({
    name: "gates:named",
    clauses: ["gate/named"],
    description: "The verdict is about the pair of kernels that it names, whichever was asked for",
    cases: FORM_NAMES.flatMap((baseline) =>
      FORM_NAMES.filter((candidate) => candidate !== baseline).map((candidate) => ({
        baseline,
        candidate,
      }))
    ),
    run: async (tool, { baseline, candidate }) => {
      const sides = Object.fromEntries(
        Object.values(FORMS).map(({ side, time }) => [side, replays(time)]),
      );
      const judged = await tool.judgeRead({ sides, pair: `${baseline}:${candidate}` });
      const words = `${candidate} against ${baseline}`;
      requireThat(
        judged.headline.includes(words),
        `Expected the headline to say "${words}", found "${judged.headline}"`,
      );
      const ratio = FORMS[candidate].time / FORMS[baseline].time;
      requireEqual("verdict", judged.verdict, ratio <= 0.95 ? "PASS" : "FAIL");
    },
  }),
  defineCheck({
    name: "gates:software_device",
    clauses: ["gate/clock"],
    description: "Times of a device that runs on the CPU give no verdict, good or bad",
    cases: grid({ ratio: [0.5, 2] }),
    run: async (tool, { ratio }) => {
      const runs = readRuns({ ttft: ratio, tbt: ratio, spread: 0.002 });
      const software = await tool.judgeRead({ ...runs, isSoftware: true });
      requireEqual("verdict", software.verdict, "INCONCLUSIVE");
      const real = await tool.judgeRead({ ...runs, isSoftware: false });
      requireEqual("verdict of a card", real.verdict, ratio < 1 ? "PASS" : "FAIL");
    },
  }),
  defineCheck({
    name: "gates:modelled_part",
    clauses: ["gate/clock"],
    description: "A verdict on times that are modelled in part holds at both ends of their error",
    cases: [
      { ratio: 0.85, error: 0.1, verdict: "PASS" },
      { ratio: 1.2, error: 0.1, verdict: "FAIL" },
      // Attention gains, the rest does not: with more of the rest the whole gains too little.
      { ratio: 0.94, error: 0.6, verdict: "INCONCLUSIVE" },
      { ratio: 0.96, error: 1, verdict: "INCONCLUSIVE" },
    ],
    run: async (tool, { ratio, error, verdict }) => {
      const runs = withConstantRest(readRuns({ ttft: ratio, tbt: ratio, spread: 0.0005 }));
      const judged = await tool.judgeRead({ ...runs, modelError: error });
      requireEqual("verdict", judged.verdict, verdict);
      const exact = await tool.judgeRead({ ...runs, modelError: 0 });
      requireEqual("verdict without an error", exact.verdict, ratio <= 0.95 ? "PASS" : "FAIL");
    },
  }),
  defineCheck({
    name: "gates:different_results",
    clauses: ["gate/clock", "gate/complete"],
    description: "Results of two cards, workloads or head maps are refused; of two versions, named",
    cases: grid({ differs: ["card", "seed", "head map"] }),
    run: async (tool, { differs }) => {
      const runs = regressionRuns({ before: 1, after: 1 });
      const refusal = await requireRefused(
        () => tool.regress({ ...runs, differs }),
        isNotComparable,
      );
      requireThat(refusal.includes(differs), `Expected the refusal to name the ${differs}`);
      const versions = await tool.regress({ ...runs, differs: "version" });
      requireThat(
        versions.reasons.some((reason) => reason.includes("version")),
        "Expected the versions that differ to be named, found them nowhere",
      );
    },
  }),
  defineCheck({
    name: "gates:regression",
    clauses: ["gate/regression"],
    description: "Each side is compared with itself, and may be worse by the stated margin",
    cases: [
      { after: 0.9, margin: 0.02, verdict: "PASS" },
      { after: 1, margin: 0.02, verdict: "PASS" },
      { after: 1.05, margin: 0.02, verdict: "FAIL" },
      { after: 1.05, margin: 0.1, verdict: "PASS" },
      { after: 1.2, margin: 0.1, verdict: "FAIL" },
    ],
    run: async (tool, { after, margin, verdict }) => {
      // The fast side of the later result is faster than the slow side of the earlier one in any case.
      const runs = regressionRuns({ before: 1, after });
      const judged = await tool.regress({ ...runs, maxRegression: margin });
      requireEqual("verdict", judged.verdict, verdict);
      requireEqual("margin", judged.maxRegression, margin);
      requireThat(judged.sides.length > 0, "Expected at least one side to be compared, found none");
      for (const side of judged.sides) requireEqual("side", side.candidate, side.baseline);
      const plain = await tool.regress(runs);
      requireThat(plain.maxRegression > 0, "Expected a margin to be stated, found none");
    },
  }),
  defineCheck({
    name: "gates:complete",
    clauses: ["gate/complete"],
    description: "Answers that failed, are missing or are shorter never make a faster server",
    cases: [
      { change: "none", side: "candidate", outcome: "PASS" },
      { change: "failed", side: "candidate", outcome: "FAIL" },
      { change: "failed", side: "baseline", outcome: "FAIL" },
      { change: "nothing_answered", side: "candidate", outcome: "refused" },
      { change: "half_answered", side: "candidate", outcome: "refused" },
      { change: "shorter", side: "candidate", outcome: "refused" },
      { change: "shorter", side: "baseline", outcome: "refused" },
      { change: "other_prompts", side: "candidate", outcome: "refused" },
    ],
    run: async (tool, { change, side, outcome }) => {
      const baseline: ToolAnswers = { ...ANSWERS };
      const candidate: ToolAnswers = { ...ANSWERS, ttftMs: 100, tbtMs: 10 };
      const sides = { baseline, candidate };
      const changed = { ...sides, [side]: { ...sides[side], ...CHANGES[change] } };
      const judge = () => tool.judgeAnswers(changed);
      if (outcome === "refused") await requireRefused(judge, isNotComparable);
      else requireEqual("verdict", judge().verdict, outcome);
    },
  }),
  defineCheck({
    name: "suite:power",
    clauses: ["declare/power"],
    description: "Whatever is declared, cases hold every small fault to a quarter of what it moves",
    cases: grid({
      fault: [
        "key of a full head lost",
        "key or sink of a window head lost",
        "later key seen",
        "key before the window",
        "page of another row",
        "sink forgotten",
        "window a key too narrow",
        "window a key too wide",
      ],
    }),
    run: (tool, { fault }) => {
      const found = tool.power().filter((each) => new RegExp(fault).test(each.fault));
      requireThat(found.length > 0, `Expected cases that show "${fault}", found none`);
      for (const { margins } of found) {
        requireThat(margins.length > 1, "Expected margins of every arithmetic, found one");
        for (const margin of margins) {
          requireThat(
            Number.isFinite(margin) && margin >= LEAST_MARGIN,
            `Expected "${fault}" to move at least ${LEAST_MARGIN} intervals, found ${margin}`,
          );
        }
      }
    },
  }),
];
