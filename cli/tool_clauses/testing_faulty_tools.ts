/** Tools with one fault each. */
import type { Reply } from "../../conformance/mod.ts";
import type { ToolReplay, ToolRuns, ToolSubject, ToolVerdict } from "./testing_tool.ts";

/** A tool with one fault. */
export interface FaultyTool {
  readonly name: string;
  readonly fault: string;
  readonly violates: readonly string[];
  /** Checks each of which rejects it. */
  readonly rejectedBy: readonly string[];
  /** Makes it from a good one. */
  readonly create: (good: ToolSubject) => ToolSubject;
}

function mutateTool(
  facts: Omit<FaultyTool, "create">,
  change: (good: ToolSubject) => Partial<ToolSubject>,
): FaultyTool {
  return { ...facts, create: (good) => ({ ...good, ...change(good) }) };
}

/** Changes what was carried out, and leaves refusals. */
function changed<T>(reply: Reply<T>, change: (value: T) => T): Reply<T> {
  return reply.kind === "ok" ? { kind: "ok", value: change(reply.value) } : reply;
}

/** A tool whose gates say something else. */
function judging(
  change: (verdict: ToolVerdict, runs: ToolRuns) => Partial<ToolVerdict>,
): (good: ToolSubject) => Partial<ToolSubject> {
  return (good) => ({
    judge: async (runs) =>
      changed(await good.judge(runs), (verdict) => ({ ...verdict, ...change(verdict, runs) })),
  });
}

export const faultyTools: readonly FaultyTool[] = [
  mutateTool({
    name: "environment_over_flag",
    fault: "A variable wins over the flag that somebody has just typed",
    violates: ["config/one-truth"],
    rejectedBy: ["settings:precedence"],
  }, (good) => ({
    explain: async (settings) => {
      const options = (await good.options()).filter(({ command }) => command === settings.command);
      const flags = { ...settings.flags };
      for (const { flag, variable } of options) {
        if (settings.environment[variable] !== undefined) delete flags[flag];
      }
      return good.explain({ ...settings, flags });
    },
  })),
  mutateTool({
    name: "option_not_shown",
    fault: "The tool leaves an option out of what it shows",
    violates: ["config/one-truth"],
    rejectedBy: ["settings:shown"],
  }, (good) => ({
    explain: async (settings) => changed(await good.explain(settings), (shown) => shown.slice(1)),
  })),
  mutateTool({
    name: "kernel_reads_own_window",
    fault: "The kernel takes its window from a constant, the allocator from the settings",
    violates: ["config/one-truth"],
    rejectedBy: ["settings:one_value"],
  }, (good) => ({
    plan: async (settings) =>
      changed(await good.plan(settings), (plan) => ({
        ...plan,
        components: plan.components.map((view, index) =>
          index === 0 ? view : { ...view, windowTokens: 512 }
        ),
      })),
  })),
  mutateTool({
    name: "known_variables_ignored",
    fault: "The variables of launch scripts are ignored",
    violates: ["config/known-env"],
    rejectedBy: ["settings:known_variables"],
  }, (good) => ({ plan: (settings) => good.plan({ ...settings, environment: {} }) })),
  mutateTool({
    name: "validates_always",
    fault: "Every table is validated on the hot path, switch or no switch",
    violates: ["config/debug-gate"],
    rejectedBy: ["settings:debug_switch"],
  }, (good) => ({
    plan: async (settings) =>
      changed(await good.plan(settings), (plan) => ({ ...plan, validatesTables: true })),
  })),
  mutateTool(
    {
      name: "verdict_by_means",
      fault: "A mean over the threshold passes, whatever the spread",
      violates: ["gate/honest"],
      rejectedBy: ["gates:interval", "gates:one_pair"],
    },
    judging(({ comparisons }, runs) => {
      if (runs.gate !== "gate/read") return {};
      const passes = comparisons.every(({ baseline, candidate }) =>
        baseline !== null && candidate !== null && candidate <= 0.95 * baseline
      );
      return { verdict: passes ? "PASS" : "FAIL" };
    }),
  ),
  mutateTool({
    name: "one_metric_is_enough",
    fault: "A better TTFT passes the read gate whatever TBT does",
    violates: ["gate/read"],
    rejectedBy: ["gates:read"],
  }, (good) => ({
    judge: (runs) =>
      good.judge(changeReplays(runs, (replay) => ({
        ...replay,
        tbtMs: replay.ttftMs === null ? null : replay.ttftMs / 10,
      }))),
  })),
  mutateTool({
    name: "failed_requests_ignored",
    fault: "Requests that were not served do not count",
    violates: ["gate/honest"],
    rejectedBy: ["gates:failed_request"],
  }, (good) => ({
    judge: (runs) =>
      good.judge(changeReplays(runs, (replay) => ({ ...replay, failedRequests: 0 }))),
  })),
  mutateTool(
    {
      name: "missing_data_is_zero",
      fault: "What was not measured counts as 0 ms",
      violates: ["gate/honest"],
      rejectedBy: ["gates:missing_data"],
    },
    judging((verdict) => ({
      comparisons: verdict.comparisons.map((each) => ({
        ...each,
        baseline: each.baseline ?? 0,
        candidate: each.candidate ?? 0,
      })),
    })),
  ),
  mutateTool({
    name: "control_left_out",
    fault: "The uniform table with clipped reads is not reported",
    violates: ["gate/control"],
    rejectedBy: ["gates:control"],
  }, judging(() => ({ control: [] }))),
  mutateTool({
    name: "sides_in_blocks",
    fault: "All replays of one side run before those of the next",
    violates: ["gate/honest"],
    rejectedBy: ["gates:interleaved"],
  }, () => ({
    order: ({ sides, pairs }) =>
      Promise.resolve(
        Array.from({ length: sides * pairs }, (_, turn) => ({
          side: Math.floor(turn / pairs),
          pair: turn % pairs,
        })),
      ),
  })),
  mutateTool(
    {
      name: "impossible_gain_hidden",
      fault: "That pools per head cannot gain is not said",
      violates: ["gate/capacity"],
      rejectedBy: ["gates:capacity"],
    },
    judging(({ layouts }) => ({
      layouts: layouts && {
        ...layouts,
        headwise: { ...layouts.headwise, saysImpossible: false },
      },
    })),
  ),
  mutateTool({
    name: "pair_ignored",
    fault: "The read gate judges its usual pair, whichever was asked for",
    violates: ["gate/named"],
    rejectedBy: ["gates:named"],
  }, (good) => ({ judge: ({ pair: _, ...runs }) => good.judge(runs) })),
  mutateTool({
    name: "pair_not_named",
    fault: "The verdict does not say which kernels it is about",
    violates: ["gate/named"],
    rejectedBy: ["gates:named"],
  }, judging(({ verdict }) => ({ headline: `${verdict}  gate/read` }))),
  mutateTool({
    name: "software_device_judged",
    fault: "Times of a device that runs on the CPU are judged like any others",
    violates: ["gate/clock"],
    rejectedBy: ["gates:software_device"],
  }, (good) => ({ judge: ({ isSoftware: _, ...runs }) => good.judge(runs) })),
  mutateTool({
    name: "model_trusted",
    fault: "The modelled part of a time is taken as exact",
    violates: ["gate/clock"],
    rejectedBy: ["gates:modelled_part"],
  }, (good) => ({ judge: ({ modelError: _, ...runs }) => good.judge(runs) })),
  mutateTool({
    name: "results_mixed",
    fault: "Results of different cards, workloads and versions are compared as if they were of one",
    violates: ["gate/clock", "gate/complete"],
    rejectedBy: ["gates:different_results"],
  }, (good) => ({ regress: ({ differs: _, ...o }) => good.regress(o) })),
  mutateTool({
    name: "slow_side_against_fast",
    fault: "The earlier result's slow side is compared with the later one's fast side",
    violates: ["gate/regression"],
    rejectedBy: ["gates:regression"],
  }, (good) => ({
    regress: ({ before, ...o }) => {
      const { uniform = [] } = before.sides;
      return good.regress({ ...o, before: { ...before, sides: { headwise: uniform } } });
    },
  })),
  mutateTool({
    name: "margin_ignored",
    fault: "A regression of any size passes",
    violates: ["gate/regression"],
    rejectedBy: ["gates:regression"],
  }, (good) => ({ regress: (o) => good.regress({ ...o, maxRegression: 0.9 }) })),
  mutateTool({
    name: "answers_not_counted",
    fault: "Answers that failed or are shorter count as if they were whole",
    violates: ["gate/complete"],
    rejectedBy: ["gates:complete"],
  }, (good) => ({
    judgeAnswers: ({ baseline, candidate }) => {
      const { completed, failed, outputTokens, inputTokens } = baseline;
      return good.judgeAnswers({
        baseline,
        candidate: { ...candidate, completed, failed, outputTokens, inputTokens },
      });
    },
  })),
  mutateTool({
    name: "intervals_too_wide",
    fault: "The suite accepts twenty times what a right kernel may err by",
    violates: ["declare/power"],
    rejectedBy: ["suite:power"],
  }, (good) => ({
    power: async () =>
      (await good.power()).map((row) => ({
        ...row,
        margins: row.margins.map((each) => each / 20),
      })),
  })),
];

function changeReplays(runs: ToolRuns, change: (replay: ToolReplay) => ToolReplay): ToolRuns {
  const sides = Object.entries(runs.sides).map(([name, replays]) => [name, replays.map(change)]);
  return { ...runs, sides: Object.fromEntries(sides) };
}
