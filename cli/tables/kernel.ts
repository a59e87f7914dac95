import {
  describeGoal,
  describeKernelFigures,
  goalUnit,
  type KernelCaseResult,
  type KernelGoalResult,
  type KernelResult,
} from "../../bench/mod.ts";
import { figures, labels, renderTable, type ReportStyle, wrapText } from "../terminal/mod.ts";
import { formatDuration, formatRate } from "../../fixtures/mod.ts";

/** Lays out a kernel result: ceilings, one row per case, then goals and peers. */
export function renderKernelResult(result: KernelResult, style: ReportStyle): string[] {
  const { paint } = style;
  const { adapter, ceilings } = result;
  const kind = adapter.isSoftware ? " (software: its times say nothing of a GPU)" : "";
  const spread = Math.max(ceilings.before.spread.memory, ceilings.after.spread.memory);
  const headline = `${paint.bold(adapter.description)}${kind}: reads ` +
    `${formatRate(ceilings.memoryBytesPerSecond, "B")} (spread ${spread.toFixed(2)}), computes ` +
    `${formatRate(ceilings.flopsPerSecond, "FLOP")} in f32 ${matrixCeiling(result)}at best, ` +
    "measured in this run";
  const rows = result.cases.map((each) => caseRow(each));
  const table = renderTable(rows, {
    columns: [
      ...labels("case"),
      ...figures("median", "spread", "bytes", "operations", "of ceiling", "over floor", "host"),
    ],
  });
  const reasons = result.cases.flatMap(({ case: { name }, outcome }) => {
    if (outcome.kind === "timed") return [];
    const word = outcome.kind === "skipped" ? paint.yellow(outcome.kind) : paint.red(outcome.kind);
    return wrapText(`${name}: ${word}: ${outcome.reason}`, { width: style.columns });
  });
  return [
    ...wrapText(headline, { width: style.columns }),
    "",
    ...table,
    ...(reasons.length === 0 ? [] : ["", ...reasons]),
    ...renderPeers(result, style),
    ...renderGoals(result.goals, style),
  ];
}

function matrixCeiling({ ceilings: { matrixFlopsPerSecond: flops } }: KernelResult): string {
  return flops ? `and ${formatRate(flops, "FLOP")} in f16 matrices ` : "";
}

/** What binds a case: memory, f32 arithmetic, or matrices. */
function boundWord(
  { figures, arithmetic }: Extract<KernelCaseResult["outcome"], { kind: "timed" }>,
): string {
  if (figures.bound === "memory") return "mem";
  return arithmetic === "matrix" ? "mma" : "alu";
}

function caseRow({ case: { name }, outcome }: KernelCaseResult): string[] {
  if (outcome.kind !== "timed") return [name, outcome.kind];
  const { figures, host } = outcome;
  const { median, spread, bytes, operations, ceilingShare, overFloor } = describeKernelFigures(
    figures,
  );
  const ofCeiling = `${ceilingShare} ${boundWord(outcome)}`;
  const hostTime = formatDuration(host.planMs + host.uploadMs + host.recordMs);
  return [name, median, spread, bytes, operations, ofCeiling, overFloor, hostTime];
}

function renderPeers(result: KernelResult, { columns }: ReportStyle): string[] {
  if (result.peers === null) return [];
  const present = result.peers.peers.filter(({ absent }) => absent === null);
  const found = Map.groupBy(
    result.peers.peers,
    ({ version, absent }) => absent === null ? `${version}` : `absent: ${absent}`,
  );
  const notes = [...found].flatMap(([text, peers]) =>
    wrapText(`${peers.map(({ peer }) => peer).join(", ")}: ${text}`, { width: columns })
  );
  if (present.length === 0) return ["", ...notes];
  const caveats = new Set<string>();
  const rows = result.cases.flatMap(({ case: { name }, outcome }) => {
    if (outcome.kind !== "timed") return [];
    const own = outcome.figures.medianMs;
    const cells = present.map(({ peer }) => {
      const timed = result.peers?.results.find((each) => each.peer === peer && each.case === name);
      if (timed === undefined) return "";
      if (timed.outcome.kind === "skipped") {
        caveats.add(`${peer} skipped ${name}: ${timed.outcome.reason}`);
        return "skipped";
      }
      const { medianMs, note } = timed.outcome;
      if (note !== "") caveats.add(`${peer} on ${name}: ${note}`);
      return `${formatDuration(medianMs)} ×${(medianMs / own).toFixed(2)}${
        note === "" ? "" : " *"
      }`;
    });
    return [[name, formatDuration(own), ...cells]];
  });
  const table = renderTable(rows, {
    columns: [
      ...labels("peers (× of ours)"),
      ...figures("headwise", ...present.map(({ peer }) => peer)),
    ],
  });
  const lines = [...caveats].flatMap((text) => wrapText(`* ${text}`, { width: columns }));
  return ["", ...notes, "", ...table, ...lines];
}

function renderGoals(
  goals: readonly KernelGoalResult[],
  { paint }: ReportStyle,
): string[] {
  if (goals.length === 0) return [];
  const rows = goals.map(({ case: name, goal, value, met }) => [
    met === null ? "–" : met ? paint.green("met") : paint.yellow("missed"),
    name,
    describeGoal(goal),
    value === null ? "–" : goalUnit(goal, value),
  ]);
  return [
    "",
    ...renderTable(rows, {
      columns: [...labels("goal", "", ""), ...figures("")],
    }),
  ];
}
