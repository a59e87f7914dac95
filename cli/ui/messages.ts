/** What the page and its engine, a worker, tell each other. */

import type { KernelResult } from "../../bench/mod.ts";
import type { CaseRow, ReportSummary } from "../../conformance/mod.ts";

/** What the page asks for. */
export type EngineRequest =
  | { readonly kind: "describe" }
  | { readonly kind: "run"; readonly order: RunOrder }
  | { readonly kind: "cancel" };

/** What a run is made of. */
export interface RunOrder {
  /** Queries with spaces between them, empty for every case; null runs no suite. */
  readonly filter: string | null;
  /** Whether the benchmark runs after the suites. */
  readonly benchmark: boolean;
  /** Whether the kernel may use subgroups. */
  readonly subgroups: "auto" | "off";
  /** Longest time of one case, in milliseconds. */
  readonly timeoutMs: number;
}

/** What the engine tells. */
export type EngineMessage =
  | {
    readonly kind: "described";
    readonly adapter: AdapterFacts;
    /** Queries of every family of tests. */
    readonly families: readonly string[];
  }
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "suite-started"; readonly cases: number }
  | { readonly kind: "case"; readonly row: CaseRow }
  | { readonly kind: "suite-ended"; readonly report: SuiteReport }
  | { readonly kind: "benchmark-step"; readonly label: string; readonly share: number }
  | { readonly kind: "benchmark-ended"; readonly report: BenchmarkReport }
  | { readonly kind: "benchmark-skipped"; readonly reason: string }
  | { readonly kind: "ended"; readonly cancelled: boolean };

/** What keeps the page from working, and how to fix it. */
export interface Problem {
  /** What is wrong. */
  readonly title: string;
  /** What one can do about it, one way each. */
  readonly fixes: readonly string[];
}

/** The adapter as it is shown. */
export interface AdapterFacts {
  /** Human-readable name. */
  readonly name: string;
  /** Whether it runs on the CPU. */
  readonly isSoftware: boolean;
  /** Whether it can time passes. */
  readonly hasTimestamps: boolean;
  /** Label and value of everything else. */
  readonly details: readonly (readonly [label: string, value: string])[];
}

/** Outcome of the suites. */
export interface SuiteReport {
  /** Counts. */
  readonly summary: ReportSummary;
  /** Whether every case ran. */
  readonly complete: boolean;
  /** The report as `headwise report` reads it: JSON lines. */
  readonly text: string;
}

/** Outcome of the benchmark. */
export interface BenchmarkReport {
  /** Figures. */
  readonly result: KernelResult;
  /** Milliseconds of a step of the timer, or null where it is too fine to be seen. */
  readonly timerStepMs: number | null;
  /** The result as the command line writes it: JSON. */
  readonly text: string;
  /** Roofline, SVG; null where no case has a time. */
  readonly picture: string | null;
}
