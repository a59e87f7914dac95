/** Running a sweep point by point, and continuing with one that was stopped. */

import {
  formatDiagnostic,
  loadWorkload,
  readText,
  requireLoaded,
  type Workload,
} from "../../fixtures/mod.ts";
import {
  BenchError,
  type BenchResult,
  type LineFile,
  openLineFile,
  optionError,
  ResultError,
} from "../result/mod.ts";
import { type BenchOptions, type ClockChoice, runBench } from "../run/mod.ts";
import { meanOverRuns } from "../statistics/mod.ts";
import { createSweepHeader, parseSweep, serializeSweep } from "./file.ts";
import { listPoints, type NumberedPoint, overridesOf, type SweepShard } from "./grid.ts";
import type { SweepAxes, SweepHeader, SweepIdentity, SweepRow, SweepSide } from "./types.ts";

/** A clock opened for one point. */
export interface SweepClock {
  /** Clock and, where they were measured, ceilings. */
  readonly options: Pick<BenchOptions, "clock" | "ceilings">;
  /** Gives back what it holds. */
  readonly close: () => void | Promise<void>;
}

/** Options of {@link runSweep}. */
export interface SweepOptions {
  /** Built-in name or YAML file. */
  readonly fixture: string;
  /** The grid. */
  readonly axes: SweepAxes;
  /** Gates of every point. @default {["gate/read"]} */
  readonly gates?: SweepIdentity["gates"];
  /** Name of the clock, recorded in the header. @default {"model"} */
  readonly clock?: SweepIdentity["clock"];
  /** Opens a clock for a point's workload. @default {the model clock with the fixture's ceilings} */
  readonly openClock?: (workload: Workload) => Promise<SweepClock>;
  /** Interleaved repetitions of every side. */
  readonly pairs?: number;
  /** Seed of page order, acceptance and sampled checks. */
  readonly seed?: number;
  /** Part of the grid. @default {the whole grid} */
  readonly shard?: SweepShard;
  /** File that rows are appended to; one of the same sweep is gone on with. */
  readonly file: string;
  /** Called before each point that is not in the file yet. */
  readonly onPoint?: (o: {
    readonly point: NumberedPoint;
    readonly done: number;
    readonly points: number;
  }) => void;
  /** Stops the sweep; the point under way is lost. */
  readonly signal?: AbortSignal;
}

const MODEL: ClockChoice = { kind: "model", reason: null };

/**
 * Runs the points of a sweep that its file does not hold yet. Each finished point is appended and
 * flushed before the next begins, so that a killed sweep resumes where it stopped. A point that
 * cannot be replayed (a prompt that no pool holds) is a row with its error, and the sweep continues.
 *
 * @param o Fixture, grid, file and clock.
 * @throws {ResultError} When the file is of another sweep, or no sweep.
 * @throws {BenchError} When the sweep is stopped, or its options contradict each other.
 */
export async function runSweep(
  o: SweepOptions,
): Promise<{ readonly header: SweepHeader; readonly rows: readonly SweepRow[] }> {
  const shard = o.shard ?? { part: 1, parts: 1 };
  refuseShard(shard);
  refuseGrid(o.axes);
  const plain = requireLoaded(await loadWorkload(o.fixture));
  const header = createSweepHeader({
    fixture: plain.name,
    fixtureSha256: plain.sourceSha256,
    modelSha256: plain.model.sourceSha256,
    axes: o.axes,
    gates: o.gates ?? ["gate/read"],
    clock: o.clock ?? "model",
    pairs: o.pairs ?? null,
    seed: o.seed ?? null,
  });
  const { rows: known, text } = await readFile(o.file, header);
  using file = await openSweep(o.file, text);
  const rows = new Map(known.map((row) => [row.index, row]));
  const points = listPoints(o.axes, shard);
  let done = points.filter(({ index }) => rows.has(index)).length;
  for (const point of points) {
    if (rows.has(point.index)) continue;
    // A timer and not a microtask: short points would keep Ctrl-C from being seen.
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (o.signal?.aborted) {
      throw new BenchError("bench/aborted", "Cannot finish the sweep: it was stopped");
    }
    o.onPoint?.({ point, done, points: points.length });
    const row = await runPoint(point, { options: o, plain });
    file.append(`${JSON.stringify(row)}\n`);
    rows.set(point.index, row);
    done++;
  }
  return { header, rows: [...rows.values()].sort((left, right) => left.index - right.index) };
}

/** Most points of a grid: one takes a second and more, and all of them are listed at first. */
const MAX_POINTS = 100_000;

function refuseGrid(axes: SweepAxes): void {
  const points = Object.values(axes).reduce((product, { length }) => product * (length || 1), 1);
  if (points <= MAX_POINTS) return;
  throw optionError(
    `Cannot sweep over ${points} points: give at most ${MAX_POINTS}, in a file each where more are ` +
      "wanted",
  );
}

function refuseShard({ part, parts }: SweepShard): void {
  if (Number.isInteger(part) && Number.isInteger(parts) && part >= 1 && part <= parts) return;
  throw optionError(
    `Cannot run shard '${part}/${parts}': give PART/PARTS with 1 ≤ PART ≤ PARTS, as in 1/4`,
  );
}

/** The file of a sweep: its lines outlive the machine, for a point may take hours. */
async function openSweep(path: string, start: string): Promise<LineFile & Disposable> {
  const file = await openLineFile(path, { start, flush: true });
  return { ...file, [Symbol.dispose]: file.close };
}

/** Rows of the file and its text up to the last whole line; a new one has its header alone. */
async function readFile(
  file: string,
  header: SweepHeader,
): Promise<{ readonly rows: readonly SweepRow[]; readonly text: string }> {
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    text = "";
  }
  if (!text.includes("\n")) {
    // Nothing, or a header that was cut off while it was written.
    if (text !== "" && !serializeSweep(header, []).startsWith(text)) {
      throw new ResultError(
        "result/shape",
        file,
        `Cannot resume '${file}': it is not a sweep; name another file`,
      );
    }
    return { rows: [], text: serializeSweep(header, []) };
  }
  const sweep = parseSweep(text, { file });
  if (sweep.header.hash !== header.hash) {
    throw new ResultError(
      "result/shape",
      file,
      `Cannot resume '${file}': it is of a sweep with other settings (hash ` +
        `${sweep.header.hash.slice(0, 12)}, not ${header.hash.slice(0, 12)}); name another file`,
    );
  }
  return { rows: sweep.rows, text: text.slice(0, text.lastIndexOf("\n") + 1) };
}

async function runPoint(
  { index, point }: NumberedPoint,
  { options, plain }: { readonly options: SweepOptions; readonly plain: Workload },
): Promise<SweepRow> {
  const row = { kind: "point", index, point, clock: null, verdicts: {}, sides: [] } as const;
  const loaded = await loadWorkload(options.fixture, { overrides: overridesOf(point, plain) });
  if (loaded.kind === "rejected") {
    return { ...row, error: loaded.diagnostics.map(formatDiagnostic).join("; ") };
  }
  const clock = await options.openClock?.(loaded.value) ??
    { options: { clock: MODEL }, close: () => {} };
  try {
    const result = await runBench({
      timelineEntries: 0,
      workload: loaded.value,
      gates: options.gates ?? ["gate/read"],
      maxChecks: 1,
      ...clock.options,
      ...(options.pairs === undefined ? {} : { pairs: options.pairs }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return { ...row, ...figuresOf(result), error: null };
  } finally {
    await clock.close();
  }
}

function figuresOf(result: BenchResult): Pick<SweepRow, "clock" | "verdicts" | "sides"> {
  const { readGate, capacityGate } = result;
  return {
    clock: result.clock.kind,
    verdicts: {
      ...(readGate === null ? {} : { "gate/read": readGate.verdict }),
      ...(capacityGate === null ? {} : { "gate/capacity": capacityGate.verdict }),
    },
    sides: result.sides.map(({ name, runs }): SweepSide => ({
      name,
      meanTtftMs: meanOverRuns(runs, ({ whole }) => whole.ttftMs?.mean),
      meanTbtMs: meanOverRuns(runs, ({ whole }) => whole.tbtMs?.mean),
      outputTokensPerSecond: meanOverRuns(runs, (run) => run.outputTokensPerSecond),
      meanConcurrency: meanOverRuns(runs, (run) => run.meanConcurrency),
      preemptions: meanOverRuns(runs, (run) => run.preemptions),
      failedRequests: runs.reduce((sum, run) => sum + run.failedRequests.length, 0),
    })),
  };
}
