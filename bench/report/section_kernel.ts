/** The section of a kernel benchmark. */

import {
  describeGoal,
  describeKernelFigures,
  goalUnit,
  type KernelCaseResult,
  type KernelResult,
} from "../kernel/mod.ts";
import { describeCeilings, environmentFacts } from "./figures.ts";
import { drawRooflineElement } from "./roofline.ts";
import {
  NO_VERDICT,
  type ReportBlock,
  type ReportSection,
  type ReportTable,
  tableBlock,
  tableColumns,
} from "./section.ts";

/** Makes the section of a kernel result. */
export function kernelSection(file: string, result: KernelResult): ReportSection {
  const { adapter, goals, cases } = result;
  const wrong = cases.filter(({ outcome }) =>
    outcome.kind === "wrong" || outcome.kind === "failed"
  );
  const missed = goals.filter(({ met }) => met === false);
  const met = goals.filter((goal) => goal.met === true);
  const timed = cases.filter(({ outcome }) => outcome.kind === "timed");
  const software = adapter.isSoftware ? ["A software adapter: its times say nothing of a GPU"] : [];
  return {
    file,
    title: `Kernel on ${adapter.description}`,
    verdict: wrong.length > 0
      ? { word: "FAIL", tone: "bad" }
      : missed.length > 0
      ? { word: "GOALS MISSED", tone: "open" }
      : met.length > 0
      ? { word: "GOALS MET", tone: "good" }
      : NO_VERDICT,
    findings: [
      `${timed.length} of ${cases.length} cases timed, ${met.length} of ${goals.length} goals met`,
      ...wrong.map(({ case: { name }, outcome }) =>
        `${name}: ${outcome.kind === "timed" ? "" : outcome.reason}`
      ),
      ...software,
    ],
    blocks: [
      ...rooflineBlocks(result, timed),
      ...(goals.length === 0 ? [] : [goalsBlock(result)]),
      {
        kind: "facts",
        title: "Environment",
        facts: [
          ...environmentFacts(result.environment),
          ["subgroups", `${adapter.subgroupSize} lanes, dialect ${adapter.dialect}`],
          ["ceilings", `${describeCeilings(result.ceilings)} (f32), measured in the run`],
          ["runs of a case", String(result.options.runs)],
          ["tuning", result.options.tuning],
          ["seed", String(result.options.seed)],
          ["run began", result.createdAt],
        ],
        command: null,
      },
    ],
  };
}

function rooflineBlocks(result: KernelResult, timed: readonly KernelCaseResult[]): ReportBlock[] {
  const title = "Roofline";
  if (timed.length === 0) {
    const text = "No case has a time; the reasons stand in the table of cases";
    return [{ kind: "missing", title, text }, tableBlock(casesTable(result))];
  }
  return [{
    kind: "charts",
    title,
    note: "Both ceilings were measured in the same run; a case is placed by the bytes and " +
      "operations that any kernel would need, whatever this one reads.",
    charts: [{
      title: `Roofline of ${result.adapter.description}`,
      description: `Ceilings ${describeCeilings(result.ceilings)}; ${timed.length} cases`,
      legend: [],
      drawing: { kind: "svg", svg: drawRooflineElement(result) },
    }],
    figures: casesTable(result),
  }];
}

function casesTable({ cases }: KernelResult): ReportTable {
  return {
    caption: "Cases",
    columns: tableColumns(["case"], [
      "median",
      "spread",
      "bytes",
      "operations",
      "of ceiling",
      "over floor",
    ], ["bound by"]),
    rows: cases.map(({ case: { name }, outcome }) => {
      if (outcome.kind !== "timed") return [name, "–", "", "", "", "", "", outcome.reason];
      const words = describeKernelFigures(outcome.figures);
      const { median, spread, bytes, operations, ceilingShare, overFloor } = words;
      const { bound } = outcome.figures;
      return [name, median, spread, bytes, operations, ceilingShare, overFloor, bound];
    }),
  };
}

function goalsBlock({ goals }: KernelResult): ReportBlock {
  return tableBlock({
    caption: "Goals",
    columns: tableColumns(["case", "goal"], ["measured"], ["met"]),
    rows: goals.map(({ case: name, goal, value, met }) => [
      name,
      describeGoal(goal),
      value === null ? "–" : goalUnit(goal, value),
      met === null ? "unknown" : met ? "yes" : "no",
    ]),
  });
}
