/** What a sweep's file holds: a header, then a row for each finished point. */

import type { ClockDescription, GateName, SideName, Verdict } from "../result/mod.ts";
import type { SweepAxes, SweepPoint } from "./grid.ts";

/** Version of the file's shape. */
export const SWEEP_VERSION = 1;

/** Everything that the rows of a sweep share; two files with equal ones can be merged. */
export interface SweepIdentity {
  /** Name of the fixture. */
  readonly fixture: string;
  /** SHA-256 of the fixture's text. */
  readonly fixtureSha256: string;
  /** SHA-256 of the model's text. */
  readonly modelSha256: string;
  /** The grid. */
  readonly axes: SweepAxes;
  /** Gates of every point. */
  readonly gates: readonly GateName[];
  /** Clock that was asked for. */
  readonly clock: string;
  /** Interleaved repetitions; null for what suits the clock. */
  readonly pairs: number | null;
  /** Seed; null for the fixture's. */
  readonly seed: number | null;
}

/** First line of the file. */
export interface SweepHeader extends SweepIdentity {
  /** Always `headwise/sweep`. */
  readonly kind: "headwise/sweep";
  /** Version of the file's shape. */
  readonly version: typeof SWEEP_VERSION;
  /** SHA-256 of the identity: what has to be equal to resume a file, or to merge two. */
  readonly hash: string;
}

/** Figures of one side, means over the pairs; null where nothing was measured. */
export interface SweepSide {
  /** Name of the side. */
  readonly name: SideName;
  /** Mean time to first token in milliseconds. */
  readonly meanTtftMs: number | null;
  /** Mean time between tokens in milliseconds. */
  readonly meanTbtMs: number | null;
  /** Output tokens per second. */
  readonly outputTokensPerSecond: number | null;
  /** Running requests, averaged over time. */
  readonly meanConcurrency: number | null;
  /** Preemptions. */
  readonly preemptions: number | null;
  /** Requests that failed, over all pairs. */
  readonly failedRequests: number;
}

/** A point that was replayed, or could not be. */
export interface SweepRow {
  /** Always `point`. */
  readonly kind: "point";
  /** Place in the grid, from 0. */
  readonly index: number;
  /** The point. */
  readonly point: SweepPoint;
  /** Clock that timed it; null where it could not be replayed. */
  readonly clock: ClockDescription["kind"] | null;
  /** Verdicts of the gates asked for. */
  readonly verdicts: Readonly<Partial<Record<GateName, Verdict>>>;
  /** Sides; empty where the point could not be replayed. */
  readonly sides: readonly SweepSide[];
  /** Why the point could not be replayed, or null. */
  readonly error: string | null;
}

/** A sweep as read back. */
export interface Sweep {
  /** First line. */
  readonly header: SweepHeader;
  /** Rows in the order of the grid. */
  readonly rows: readonly SweepRow[];
  /** Bytes up to the end of the last whole line: what is kept where a torn line follows. */
  readonly wholeBytes: number;
}
