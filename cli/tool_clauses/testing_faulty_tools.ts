/** Tools with one fault each. */
import type { CapacityGateReport } from "../../bench/mod.ts";
import type { Tool } from "./testing_headwise_tool.ts";
import type { ToolReplay, ToolRuns } from "./testing_tool.ts";

/** A tool with one fault. */
export interface FaultyTool {
  readonly fault: string;
  readonly violates: readonly string[];
  /** Checks each of which rejects it. */
  readonly rejectedBy: readonly string[];
  /** What it does otherwise than a good one. */
  readonly change: (good: Tool) => Partial<Tool>;
}

type ReadVerdict = Awaited<ReturnType<Tool["judgeRead"]>>;

/** A tool whose read gate says something else. */
function saying(change: (verdict: ReadVerdict) => Partial<ReadVerdict>): FaultyTool["change"] {
  return (good) => ({
    judgeRead: async (runs) => {
      const verdict = await good.judgeRead(runs);
      return { ...verdict, ...change(verdict) };
    },
  });
}

/** A tool whose gates see other runs than were stated. */
function seeing(change: (runs: ToolRuns) => ToolRuns): FaultyTool["change"] {
  return (good) => ({
    judgeRead: (runs) => good.judgeRead(change(runs)),
    judgeCapacity: (runs) => good.judgeCapacity(change(runs)),
  });
}

/** A tool whose gates see every replay changed. */
function seeingReplays(change: (replay: ToolReplay) => ToolReplay): FaultyTool["change"] {
  return seeing((runs) => {
    const sides = Object.entries(runs.sides).map(([name, replays]) => [name, replays.map(change)]);
    return { ...runs, sides: Object.fromEntries(sides) };
  });
}

export const faultyTools: readonly FaultyTool[] = [
  {
    fault: "A variable wins over the flag that somebody has just typed",
    violates: ["config/one-truth"],
    rejectedBy: ["settings:precedence"],
    change: (good) => ({
      explain: (settings) => {
        const options = good.options().filter(({ command }) => command === settings.command);
        const flags = { ...settings.flags };
        for (const { flag, variable } of options) {
          if (settings.environment[variable] !== undefined) delete flags[flag];
        }
        return good.explain({ ...settings, flags });
      },
    }),
  },
  {
    fault: "The tool leaves an option out of what it shows",
    violates: ["config/one-truth"],
    rejectedBy: ["settings:shown"],
    change: (good) => ({
      explain: (settings) => Object.fromEntries(Object.entries(good.explain(settings)).slice(1)),
    }),
  },
  {
    fault: "The kernel takes its window from a constant, the allocator from the settings",
    violates: ["config/one-truth"],
    rejectedBy: ["settings:one_value"],
    change: (good) => ({
      plan: async (settings) => {
        const plan = await good.plan(settings);
        const [first, ...others] = plan.components;
        return {
          ...plan,
          components: [first!, ...others.map((view) => ({ ...view, windowTokens: 512 }))],
        };
      },
    }),
  },
  {
    fault: "The variables of launch scripts are ignored",
    violates: ["config/known-env"],
    rejectedBy: ["settings:known_variables"],
    change: (good) => ({ plan: (settings) => good.plan({ ...settings, environment: {} }) }),
  },
  {
    fault: "Every table is validated on the hot path, switch or no switch",
    violates: ["config/debug-gate"],
    rejectedBy: ["settings:debug_switch"],
    change: (good) => ({
      plan: async (settings) => ({ ...await good.plan(settings), validatesTables: true }),
    }),
  },
  {
    fault: "A mean over the threshold passes, whatever the spread",
    violates: ["gate/honest"],
    rejectedBy: ["gates:interval", "gates:one_pair"],
    change: saying(({ comparisons }) => ({
      verdict:
        comparisons.filter(({ threshold }) => threshold !== null).every((each) =>
            each.baseline !== null && each.candidate !== null &&
            each.candidate <= 0.95 * each.baseline
          )
          ? "PASS"
          : "FAIL",
    })),
  },
  {
    fault: "A better TTFT passes the read gate whatever TBT does",
    violates: ["gate/read"],
    rejectedBy: ["gates:read"],
    change: seeingReplays((replay) => ({
      ...replay,
      tbtMs: replay.ttftMs === null ? null : replay.ttftMs / 10,
    })),
  },
  {
    fault: "Requests that were not served do not count",
    violates: ["gate/honest"],
    rejectedBy: ["gates:failed_request"],
    change: seeingReplays((replay) => ({ ...replay, failedRequests: 0 })),
  },
  {
    fault: "What was not measured counts as 0 ms",
    violates: ["gate/honest"],
    rejectedBy: ["gates:missing_data"],
    change: saying(({ comparisons }) => ({
      comparisons: comparisons.map((each) => ({
        ...each,
        baseline: each.baseline ?? 0,
        candidate: each.candidate ?? 0,
      })),
    })),
  },
  {
    fault: "The uniform table with clipped reads is not reported",
    violates: ["gate/control"],
    rejectedBy: ["gates:control"],
    change: saying(() => ({ control: [] })),
  },
  {
    fault: "All replays of one side run before those of the next",
    violates: ["gate/honest"],
    rejectedBy: ["gates:interleaved"],
    change: () => ({
      order: ({ sides, pairs }) =>
        Array.from({ length: sides * pairs }, (_, turn) => ({
          side: Math.floor(turn / pairs),
          pair: turn % pairs,
        })),
    }),
  },
  {
    fault: "That pools per head cannot gain is not said",
    violates: ["gate/capacity"],
    rejectedBy: ["gates:capacity"],
    change: (good) => ({
      judgeCapacity: async (runs): Promise<CapacityGateReport> => {
        const report = await good.judgeCapacity(runs);
        return { ...report, perHead: { ...report.perHead, reasons: [] } };
      },
    }),
  },
  {
    fault: "The read gate judges its usual pair, whichever was asked for",
    violates: ["gate/named"],
    rejectedBy: ["gates:named"],
    change: seeing(({ pair: _, ...runs }) => runs),
  },
  {
    fault: "The verdict does not say which kernels it is about",
    violates: ["gate/named"],
    rejectedBy: ["gates:named"],
    change: saying(({ verdict }) => ({ headline: `${verdict}  gate/read` })),
  },
  {
    fault: "Times of a device that runs on the CPU are judged like any others",
    violates: ["gate/clock"],
    rejectedBy: ["gates:software_device"],
    change: seeing(({ isSoftware: _, ...runs }) => runs),
  },
  {
    fault: "The modelled part of a time is taken as exact",
    violates: ["gate/clock"],
    rejectedBy: ["gates:modelled_part"],
    change: seeing(({ modelError: _, ...runs }) => runs),
  },
  {
    fault: "Results of different cards, workloads and versions are compared as if they were of one",
    violates: ["gate/clock", "gate/complete"],
    rejectedBy: ["gates:different_results"],
    change: (good) => ({ regress: ({ differs: _, ...o }) => good.regress(o) }),
  },
  {
    fault: "The earlier result's slow side is compared with the later one's fast side",
    violates: ["gate/regression"],
    rejectedBy: ["gates:regression"],
    change: (good) => ({
      regress: ({ before, ...o }) => {
        const { uniform = [] } = before.sides;
        return good.regress({ ...o, before: { ...before, sides: { headwise: uniform } } });
      },
    }),
  },
  {
    fault: "A regression of any size passes",
    violates: ["gate/regression"],
    rejectedBy: ["gates:regression"],
    change: (good) => ({ regress: (o) => good.regress({ ...o, maxRegression: 0.9 }) }),
  },
  {
    fault: "Answers that failed or are shorter count as if they were whole",
    violates: ["gate/complete"],
    rejectedBy: ["gates:complete"],
    change: (good) => ({
      judgeAnswers: ({ baseline, candidate: { ttftMs, tbtMs } }) =>
        good.judgeAnswers({ baseline, candidate: { ...baseline, ttftMs, tbtMs } }),
    }),
  },
  {
    fault: "The suite accepts twenty times what a right kernel may err by",
    violates: ["declare/power"],
    rejectedBy: ["suite:power"],
    change: (good) => ({
      power: () =>
        good.power().map((row) => ({ ...row, margins: row.margins.map((each) => each / 20) })),
    }),
  },
];
