/** Tools with one fault each. */
import type { ToolReplay, ToolRuns } from "../tool_subject.ts";
import { type Mutant, mutateTool } from "./mutant.ts";

const environmentWins = mutateTool({
  name: "environment_over_flag",
  fault: "A variable wins over the flag that somebody has just typed",
  origin: "own",
  violates: ["config/one-truth"],
  killedBy: ["tool:settings:precedence:stronger=flag;weaker=environment"],
}, (good) => ({
  explain: async (settings) => {
    const options = (await good.options()).filter(({ command }) => command === settings.command);
    const flags = { ...settings.flags };
    for (const { flag, variable } of options) {
      if (settings.environment[variable] !== undefined) delete flags[flag];
    }
    return good.explain({ ...settings, flags });
  },
}));

const hiddenOption = mutateTool({
  name: "option_not_shown",
  fault: "The tool leaves an option out of what it shows",
  origin: "own",
  violates: ["config/one-truth"],
  killedBy: ["tool:settings:shown"],
}, (good) => ({
  explain: async (settings) => {
    const reply = await good.explain(settings);
    return reply.kind === "ok" ? { kind: "ok", value: reply.value.slice(1) } : reply;
  },
}));

const kernelOwnWindow = mutateTool({
  name: "kernel_reads_own_window",
  fault: "The kernel takes its window from a constant, the allocator from the settings",
  origin: "own",
  violates: ["config/one-truth"],
  killedBy: ["tool:settings:one_value:decides=window_tokens;*"],
}, (good) => ({
  plan: async (settings) => {
    const reply = await good.plan(settings);
    if (reply.kind === "refused") return reply;
    const components = reply.value.components.map((view, index) =>
      index === 0 ? view : { ...view, windowTokens: 512 }
    );
    return { kind: "ok", value: { ...reply.value, components } };
  },
}));

const foreignVariables = mutateTool({
  name: "known_variables_ignored",
  fault: "The variables of launch scripts are ignored",
  origin: "own",
  violates: ["config/known-env"],
  killedBy: [
    "tool:settings:known_variables:variable=FD_HEAD_WISE_KV_CACHE;*",
    "tool:settings:known_variables:variable=FD_T53_HEAD_WISE_SWA_RATIO;*",
    "tool:settings:known_variables:variable=FD_T53_DEBUG_BLOCK_TABLES;*",
    "tool:settings:known_variables:variable=FD_T53_HEAD_WISE_SWA_FIXTURE;*",
  ],
}, (good) => ({ plan: (settings) => good.plan({ ...settings, environment: {} }) }));

const alwaysValidates = mutateTool({
  name: "validates_always",
  fault: "Every table is validated on the hot path, switch or no switch",
  origin: "own",
  violates: ["config/debug-gate"],
  killedBy: ["tool:settings:debug_switch:source=default"],
}, (good) => ({
  plan: async (settings) => {
    const reply = await good.plan(settings);
    return reply.kind === "refused"
      ? reply
      : { kind: "ok", value: { ...reply.value, validatesTables: true } };
  },
}));

const meansOnly = mutateTool({
  name: "verdict_by_means",
  fault: "A mean over the threshold passes, whatever the spread",
  origin: "own",
  violates: ["gate/honest"],
  killedBy: ["tool:gates:interval:side=better;*", "tool:gates:one_pair"],
}, (good) => ({
  judge: async (runs) => {
    const reply = await good.judge(runs);
    if (reply.kind === "refused" || runs.gate !== "gate/read") return reply;
    const passes = reply.value.comparisons.every(({ baseline, candidate }) =>
      baseline !== null && candidate !== null && candidate <= 0.95 * baseline
    );
    return { kind: "ok", value: { ...reply.value, verdict: passes ? "PASS" : "FAIL" } };
  },
}));

const oneMetric = mutateTool({
  name: "one_metric_is_enough",
  fault: "A better TTFT passes the read gate whatever TBT does",
  origin: "own",
  violates: ["gate/read"],
  killedBy: ["tool:gates:read:ttft=0.8;*"],
}, (good) => ({
  judge: (runs) =>
    good.judge(changeReplays(runs, (replay) => ({
      ...replay,
      tbtMs: replay.ttftMs === null ? null : replay.ttftMs / 10,
    }))),
}));

const failuresIgnored = mutateTool({
  name: "failed_requests_ignored",
  fault: "Requests that were not served do not count",
  origin: "own",
  violates: ["gate/honest"],
  killedBy: ["tool:gates:failed_request"],
}, (good) => ({
  judge: (runs) => good.judge(changeReplays(runs, (replay) => ({ ...replay, failedRequests: 0 }))),
}));

const missingIsZero = mutateTool({
  name: "missing_data_is_zero",
  fault: "What was not measured counts as 0 ms",
  origin: "own",
  violates: ["gate/honest"],
  killedBy: ["tool:gates:missing_data"],
}, (good) => ({
  judge: async (runs) => {
    const reply = await good.judge(runs);
    if (reply.kind === "refused") return reply;
    const comparisons = reply.value.comparisons.map((each) => ({
      ...each,
      baseline: each.baseline ?? 0,
      candidate: each.candidate ?? 0,
    }));
    return { kind: "ok", value: { ...reply.value, comparisons } };
  },
}));

const noControl = mutateTool({
  name: "control_left_out",
  fault: "The uniform table with clipped reads is not reported",
  origin: "own",
  violates: ["gate/control"],
  killedBy: ["tool:gates:control"],
}, (good) => ({
  judge: async (runs) => {
    const reply = await good.judge(runs);
    return reply.kind === "refused"
      ? reply
      : { kind: "ok", value: { ...reply.value, control: [] } };
  },
}));

const inBlocks = mutateTool({
  name: "sides_in_blocks",
  fault: "All replays of one side run before those of the next",
  origin: "own",
  violates: ["gate/honest"],
  killedBy: ["tool:gates:interleaved"],
}, () => ({
  order: ({ sides, pairs }) =>
    Promise.resolve(
      Array.from({ length: sides * pairs }, (_, turn) => ({
        side: Math.floor(turn / pairs),
        pair: turn % pairs,
      })),
    ),
}));

const hidesArithmetic = mutateTool({
  name: "impossible_gain_hidden",
  fault: "That pools a head cannot gain is not said",
  origin: "own",
  violates: ["gate/capacity"],
  killedBy: ["tool:gates:capacity:all=false;*"],
}, (good) => ({
  judge: async (runs) => {
    const reply = await good.judge(runs);
    if (reply.kind === "refused" || reply.value.layouts === null) return reply;
    const { headwise, pooled } = reply.value.layouts;
    const layouts = { headwise: { ...headwise, saysImpossible: false }, pooled };
    return { kind: "ok", value: { ...reply.value, layouts } };
  },
}));

/** Every tool with a fault. */
export const toolMutants: readonly Mutant[] = [
  environmentWins,
  hiddenOption,
  kernelOwnWindow,
  foreignVariables,
  alwaysValidates,
  meansOnly,
  oneMetric,
  failuresIgnored,
  missingIsZero,
  noControl,
  inBlocks,
  hidesArithmetic,
];

function changeReplays(runs: ToolRuns, change: (replay: ToolReplay) => ToolReplay): ToolRuns {
  const sides = Object.entries(runs.sides).map(([name, replays]) => [name, replays.map(change)]);
  return { ...runs, sides: Object.fromEntries(sides) };
}
