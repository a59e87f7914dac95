/** What the page knows, and how a message of the engine changes it. */

import type { CaseRow } from "../../conformance/mod.ts";
import type {
  AdapterFacts,
  BenchmarkReport,
  EngineMessage,
  Problem,
  SuiteReport,
} from "./messages.ts";

/** What the engine is at. */
export type Phase =
  | { readonly kind: "opening" }
  | { readonly kind: "idle" }
  | { readonly kind: "starting" }
  | { readonly kind: "suites"; readonly done: number; readonly cases: number }
  | { readonly kind: "benchmark"; readonly label: string; readonly share: number };

/** What the page knows. */
export interface PageState {
  /** What the engine is at. */
  readonly phase: Phase;
  /** Whether the run was told to stop. */
  readonly isStopping: boolean;
  /** The adapter, once it answered. */
  readonly adapter: AdapterFacts | null;
  /** Queries of families of tests. */
  readonly families: readonly string[];
  /** What keeps the page from working, or ended the last run. */
  readonly problem: Problem | null;
  /** Why the filter cannot be run. */
  readonly refusal: string | null;
  /** Cases of this run so far. */
  readonly cases: readonly CaseRow[];
  /** Those that neither passed nor were skipped. */
  readonly bad: readonly CaseRow[];
  /** The finished report of the suites. */
  readonly suites: SuiteReport | null;
  /** The benchmark's outcome, or why there is none. */
  readonly benchmark:
    | { readonly kind: "report"; readonly report: BenchmarkReport }
    | { readonly kind: "skipped"; readonly reason: string }
    | null;
}

/** Before the engine said anything. */
export const FIRST_STATE: PageState = {
  phase: { kind: "opening" },
  isStopping: false,
  adapter: null,
  families: [],
  problem: null,
  refusal: null,
  cases: [],
  bad: [],
  suites: null,
  benchmark: null,
};

/** A run was ordered: what the one before left behind goes. */
export function startRun(state: PageState): PageState {
  const { adapter, families } = state;
  return { ...FIRST_STATE, adapter, families, phase: { kind: "starting" } };
}

/** Whether a run can be ordered. */
export function canRun({ phase, adapter }: PageState): boolean {
  return phase.kind === "idle" && adapter !== null;
}

/** Whether a run of what is ticked can be ordered. */
export function canRunTicked(
  state: PageState,
  ticked: { readonly suites: boolean; readonly benchmark: boolean },
): boolean {
  return canRun(state) && (ticked.suites || ticked.benchmark);
}

/** The state from when a stop is asked for until the run has ended. */
export function stopRun(state: PageState): PageState {
  return { ...state, isStopping: true };
}

/** Takes in a message. */
export function takeIn(state: PageState, message: EngineMessage): PageState {
  switch (message.kind) {
    case "described":
      return { ...state, adapter: message.adapter, families: message.families };
    case "problem":
      return { ...state, problem: message.problem };
    case "refused":
      return { ...state, refusal: message.message };
    case "suite-started":
      return { ...state, phase: { kind: "suites", done: 0, cases: message.cases } };
    case "case":
      return takeCase(state, message.row);
    case "suite-ended":
      return { ...state, suites: message.report };
    case "benchmark-step": {
      const { label, share } = message;
      return { ...state, phase: { kind: "benchmark", label, share } };
    }
    case "benchmark-ended":
      return { ...state, benchmark: { kind: "report", report: message.report } };
    case "benchmark-skipped":
      return { ...state, benchmark: { kind: "skipped", reason: message.reason } };
    case "ended":
      return { ...state, phase: { kind: "idle" }, isStopping: false };
    default:
      return message satisfies never;
  }
}

function takeCase(state: PageState, row: CaseRow): PageState {
  const { phase } = state;
  const isBad = row.outcome.kind === "fail" || row.outcome.kind === "error";
  return {
    ...state,
    phase: phase.kind === "suites" ? { ...phase, done: phase.done + 1 } : phase,
    cases: [...state.cases, row],
    bad: isBad ? [...state.bad, row] : state.bad,
  };
}
