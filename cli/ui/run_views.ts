/** Adapter, problems and progress. */

import { formatDuration } from "../../fixtures/mod.ts";
import { type Element, element, type View } from "./element.ts";
import type { Problem } from "./messages.ts";
import type { PageState } from "./state.ts";

/** Shows the adapter: its name, and details that can be opened. */
export function viewAdapter({ adapter, phase }: Pick<PageState, "adapter" | "phase">): View[] {
  if (adapter === null) {
    const text = phase.kind === "opening" ? "Asking for an adapter …" : "None";
    return [element("p", { class: "quiet" }, text)];
  }
  const rows = adapter.details.flatMap(([label, value]) => [
    element("dt", {}, label),
    element("dd", {}, value),
  ]);
  const software = element(
    "p",
    { class: "note" },
    "This adapter runs on the CPU: it shows that answers are right, and nothing of a GPU's speed.",
  );
  return [
    element("p", { class: "adapter" }, adapter.name),
    ...(adapter.isSoftware ? [software] : []),
    element(
      "details",
      {},
      element("summary", {}, "Limits and features"),
      element("dl", {}, ...rows),
    ),
  ];
}

/** Shows what is wrong and how to fix it. */
export function viewProblem(problem: Problem | null): View[] {
  if (problem === null) return [];
  const fixes = problem.fixes.map((fix) => element("li", {}, fix));
  return [
    element(
      "div",
      { class: "problem", role: "alert" },
      element("strong", {}, problem.title),
      element("ul", {}, ...fixes),
    ),
  ];
}

/** Shows how far a run is. */
export function viewProgress({ phase }: PageState): View[] {
  switch (phase.kind) {
    case "opening":
    case "idle":
      return [];
    case "starting":
      return [bar("Opening a device", null)];
    case "suites": {
      const { done, cases } = phase;
      return [bar(`${done} of ${cases} cases`, cases === 0 ? null : done / cases)];
    }
    case "benchmark":
      return [bar(`Timing ${phase.label}`, phase.share)];
    default:
      return phase satisfies never;
  }
}

function bar(label: string, share: number | null): Element {
  return element(
    "label",
    { class: "progress" },
    element("span", {}, label),
    element("progress", share === null ? {} : { max: 1, value: share.toFixed(4) }),
  );
}

/** One line of what a person who does not see the page should hear; it changes seldom. */
export function viewStatus({ phase, isStopping, problem, suites, benchmark }: PageState): string {
  if (isStopping && phase.kind !== "idle") return "Stopping after this case";
  switch (phase.kind) {
    case "opening":
      return "Opening the GPU";
    case "starting":
      return "Starting";
    case "suites":
      return "Suites running";
    case "benchmark":
      return "Benchmark running";
    case "idle": {
      if (suites === null && benchmark === null) return problem === null ? "Ready" : "Not ready";
      if (suites === null) return "Benchmark done";
      const { passed, failed, subjectErrors, suiteErrors, skipped, elapsedMs } = suites.summary;
      const counts = `${passed} passed, ${failed + subjectErrors + suiteErrors} failed, ` +
        `${skipped} skipped in ${formatDuration(elapsedMs)}`;
      return suites.complete ? counts : `Stopped: ${counts}`;
    }
    default:
      return phase satisfies never;
  }
}
