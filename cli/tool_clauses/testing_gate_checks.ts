/** Checks of gates: thresholds, intervals, and what a verdict does with failures and missing data. */
import { requireEqual, requireThat, requireWithin } from "../../conformance/mod.ts";
import { capacityRuns, changeReplay, comparisonOf, PAIRS, readRuns } from "./testing_runs.ts";
import { defineCheck, grid, type ToolCheck } from "./testing_tool.ts";

/** Student's t with five degrees of freedom at 97.5 %: the half width of a 95 % interval. */
const T_OF_PAIRS = 2.5706;
const READ_RATIO = 0.95;
const CAPACITY_RATIO = 1.3;

export const gateChecks: readonly ToolCheck[] = [
  defineCheck({
    name: "gates:read",
    clauses: ["gate/read"],
    description: "Mean TTFT and mean TBT both have to improve by 5 %",
    cases: [
      { ttft: 0.8, tbt: 0.8, verdict: "PASS" },
      { ttft: 0.94, tbt: 0.94, verdict: "PASS" },
      { ttft: 0.96, tbt: 0.96, verdict: "FAIL" },
      { ttft: 0.8, tbt: 0.96, verdict: "FAIL" },
      { ttft: 0.96, tbt: 0.8, verdict: "FAIL" },
      { ttft: 1, tbt: 1, verdict: "FAIL" },
      { ttft: 1.2, tbt: 1.2, verdict: "FAIL" },
    ],
    run: async (tool, { ttft, tbt, verdict }) => {
      const runs = readRuns({ ttft, tbt, spread: 0.002 });
      requireEqual("verdict", (await tool.judgeRead(runs)).verdict, verdict);
    },
  }),
  defineCheck({
    name: "gates:interval",
    clauses: ["gate/honest", "gate/read"],
    description:
      "The bound of a 95 % interval decides, and an interval over the threshold does not",
    // Half widths in distances to the threshold: those of other honest intervals differ by less.
    cases: [
      { side: "better", width: 0.7, verdict: "PASS" },
      { side: "better", width: 1.4, verdict: "INCONCLUSIVE" },
      { side: "worse", width: 0.7, verdict: "FAIL" },
      { side: "worse", width: 1.4, verdict: "INCONCLUSIVE" },
      { side: "better", width: 5, verdict: "INCONCLUSIVE" },
    ],
    run: async (tool, { side, width, verdict }) => {
      const distance = side === "better" ? -0.04 : 0.04;
      const ratio = READ_RATIO * Math.exp(distance);
      const spread = width * Math.abs(distance) * Math.sqrt(PAIRS) / T_OF_PAIRS;
      const runs = readRuns({ ttft: ratio, tbt: ratio, spread });
      const judged = await tool.judgeRead(runs);
      requireEqual("verdict", judged.verdict, verdict);
      if (verdict !== "INCONCLUSIVE") return;
      for (const metric of ["mean TTFT", "mean TBT"] as const) {
        const { minimumDetectableRatio: effect } = comparisonOf(judged.comparisons, metric);
        requireThat(
          effect !== null && effect > 0 && effect !== 1,
          `Expected the smallest effect that ${metric} could have shown, found ${effect}`,
        );
      }
    },
  }),
  defineCheck({
    name: "gates:one_pair",
    clauses: ["gate/honest"],
    description: "One pair on a clock that scatters has no interval, and no verdict",
    cases: grid({ ratio: [0.5, 2] }),
    run: async (tool, { ratio }) => {
      const runs = readRuns({ ttft: ratio, tbt: ratio, spread: 0, pairs: 1 });
      const { verdict } = await tool.judgeRead(runs);
      requireEqual("verdict", verdict, "INCONCLUSIVE");
    },
  }),
  defineCheck({
    name: "gates:failed_request",
    clauses: ["gate/honest"],
    description: "A request that was not served fails the gate, however good the times are",
    cases: grid({ gate: ["read", "capacity"], side: ["baseline", "candidate"], pair: [0, 5] }),
    run: async (tool, { gate, side, pair }) => {
      const change = { failedRequests: 1 };
      const { verdict } = gate === "read"
        ? await tool.judgeRead(changeReplay(readRuns({ ttft: 0.5, tbt: 0.5, spread: 0.002 }), {
          side: side === "baseline" ? "uniform" : "headwise",
          pair,
          change,
        }))
        : await tool.judgeCapacity(changeReplay(capacityRuns({ headwise: 2, pooled: 2 }), {
          side: side === "baseline" ? "pooled" : "pooled-recycle",
          pair,
          change,
        }));
      requireEqual("verdict", verdict, "FAIL");
    },
  }),
  defineCheck({
    name: "gates:missing_data",
    clauses: ["gate/honest"],
    description: "A replay that measured nothing leaves null, never 0, and never a PASS",
    cases: grid({
      side: ["uniform", "headwise"] as const,
      metric: ["mean TTFT", "mean TBT"] as const,
    }),
    run: async (tool, { side, metric }) => {
      const change = metric === "mean TTFT" ? { ttftMs: null } : { tbtMs: null };
      const runs = changeReplay(readRuns({ ttft: 0.5, tbt: 0.5, spread: 0.002 }), {
        side,
        pair: 2,
        change,
      });
      const judged = await tool.judgeRead(runs);
      requireThat(judged.verdict !== "PASS", "Expected no PASS without the data, found one");
      const found = comparisonOf(judged.comparisons, metric);
      requireEqual(metric, side === "uniform" ? found.baseline : found.candidate, null);
    },
  }),
  defineCheck({
    name: "gates:control",
    clauses: ["gate/control"],
    description: "The uniform table with clipped reads is reported beside the two sides",
    cases: grid({ clipped: [0.7, 0.9, 1] }),
    run: async (tool, { clipped }) => {
      const runs = readRuns({ ttft: 0.6, tbt: 0.6, spread: 0.002, clipped });
      const judged = await tool.judgeRead(runs);
      requireEqual("verdict", judged.verdict, "PASS");
      for (const metric of ["mean TTFT", "mean TBT"] as const) {
        const found = comparisonOf(judged.control, metric);
        const ratio = (found.candidate ?? Number.NaN) / (found.baseline ?? Number.NaN);
        const what = `${metric} of the control over the baseline`;
        requireWithin(what, ratio, { center: clipped, radius: 0.01 });
      }
    },
  }),
  defineCheck({
    name: "gates:interleaved",
    clauses: ["gate/honest"],
    description: "Sides alternate in pairs, and no side has the better place in them",
    cases: grid({ sides: [2, 3, 4], pairs: [2, 6] }),
    run: (tool, { sides, pairs }) => {
      const turns = tool.order({ sides, pairs });
      requireEqual("replays", turns.length, sides * pairs);
      const places = new Array<number>(sides).fill(0);
      for (let pair = 0; pair < pairs; pair++) {
        const members = turns.slice(pair * sides, (pair + 1) * sides);
        requireThat(
          members.every((turn) => turn.pair === pair),
          `Expected the replays of pair ${pair} one after the other, found others between them`,
        );
        const order = members.map(({ side }) => side);
        const all = Array.from({ length: sides }, (_, side) => side).join();
        requireEqual(`sides of pair ${pair}`, order.toSorted((a, b) => a - b).join(), all);
        order.forEach((side, place) => places[side] = (places[side] ?? 0) + place);
      }
      requireThat(
        places.every((sum) => sum === places[0]),
        `Expected the same mean place of every side, found ${places.join(", ")}`,
      );
    },
  }),
  defineCheck({
    name: "gates:capacity",
    clauses: ["gate/capacity"],
    description: "Throughput has to rise by 30 %; pools per head that cannot give that are said so",
    cases: [
      { headwise: 1, pooled: 1.4, all: false, verdict: "PASS" },
      { headwise: 1, pooled: 1.2, all: false, verdict: "FAIL" },
      { headwise: 1.4, pooled: 1, all: false, verdict: "FAIL" },
      { headwise: 1.4, pooled: 1.4, all: true, verdict: "PASS" },
      { headwise: 1.2, pooled: 1.4, all: true, verdict: "FAIL" },
    ],
    run: async (tool, { headwise, pooled, all, verdict }) => {
      const report = await tool.judgeCapacity(
        capacityRuns({ headwise, pooled, allHeadsWindow: all }),
      );
      const { perHead, prediction } = report;
      requireEqual("verdict", report.verdict, verdict);
      const passes = (ratio: number): string => ratio > CAPACITY_RATIO ? "PASS" : "FAIL";
      requireEqual("verdict of pools per head", perHead.verdict, passes(headwise));
      requireEqual("verdict of one pool", report.pooled.verdict, passes(pooled));
      const saysUnable = perHead.reasons.includes(prediction.explanation) &&
        prediction.perHeadGain === 1;
      requireEqual("pools per head are called unable", saysUnable, !all);
    },
  }),
];
