/** Clocks from outside: an adapter that runs and times somebody else's kernel, or a file of times. */

import {
  type AdapterRunner,
  BenchError,
  createJudgeThreads,
  type JudgeThreads,
  type MeasuredCeilings,
  openAdapterRunner,
  parseTimeTable,
  runnerSettings,
  type Side,
  SIDES,
} from "../../bench/mod.ts";
import { openAdapter, parseSubjectSpec } from "../../conformance/mod.ts";
import { readText, type Workload } from "../../fixtures/mod.ts";
import type { StepTimer, TimedCache } from "../../kernel/mod.ts";
import type { OutsideClock } from "../settings/mod.ts";
import type { ChosenClock } from "./chosen_clock.ts";
import { layersToMeasure } from "./layers_to_measure.ts";

/** Compiling kernels and filling caches takes a while. */
const REQUEST_TIMEOUT_MS = 180_000;
const MAX_TABLE_BYTES = 64 << 20;

/** What a clock from outside is opened with. */
export interface OutsideOptions {
  readonly clock: OutsideClock;
  /** Seed of contents; null for the workload's. */
  readonly seed: number | null;
  /** Layers whose caches alternate; null for what leaves a last-level cache. */
  readonly layersMeasured: number | null;
  /** Longest time of one request, in milliseconds. */
  readonly requestTimeoutMs?: number;
}

/**
 * Opens a clock from outside.
 *
 * @returns The clock, with the ceilings that the adapter measured, if it did.
 * @throws {AdapterFault} When the adapter does not start, or does not follow the protocol.
 * @throws {BenchError} `bench/clock-refused` when it claims no clock, or does not take the workload.
 * @throws {FixtureError} When the file of times cannot be read.
 */
export async function chooseOutsideClock(
  workload: Workload,
  o: OutsideOptions,
): Promise<ChosenClock> {
  const file = o.clock.startsWith("table:") ? o.clock.slice("table:".length).trimStart() : "";
  if (file !== "") {
    const table = parseTimeTable(await readText(file, MAX_TABLE_BYTES), { file });
    return { clock: { kind: "table", table }, ceilings: null, close: () => {} };
  }
  const spec = parseSubjectSpec(o.clock);
  if (spec.kind !== "exec" && spec.kind !== "module" && spec.kind !== "ffi") {
    throw new BenchError("bench/option", `Cannot use '${o.clock}' as a clock`);
  }
  const { subject, close } = await openAdapter(spec, {
    limits: { requestTimeoutMs: o.requestTimeoutMs ?? REQUEST_TIMEOUT_MS },
  });
  const threads = createJudgeThreads();
  try {
    if (subject.clock === undefined) {
      throw new BenchError(
        "bench/clock-refused",
        `Cannot time with '${o.clock}': it does not claim 'clock'; docs/clock.md says how`,
      );
    }
    const { timer, closed } = followCaches(subject.clock);
    const open = createOpener(timer, workload, { ...o, judge: threads.judge });
    // The side that every gate replays: it tells the card and what it reads.
    const first = await open(SIDES.headwise);
    return {
      clock: { kind: "adapter", command: o.clock, openRunner: open },
      ceilings: ceilingsOf(first),
      close: () => closed().then(close).finally(threads.close),
    };
  } catch (error) {
    threads.close();
    await close();
    throw error;
  }
}

/**
 * Knows when all caches are given back, so that the adapter ends after that. After a fault there is
 * nothing to give back: the adapter has ended.
 */
function followCaches(
  timer: StepTimer,
): { readonly timer: StepTimer; readonly closed: () => Promise<void> } {
  const closing: Promise<void>[] = [];
  let isBroken = false;
  const guarded = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      isBroken = true;
      throw error;
    }
  };
  return {
    timer: {
      open: (cache) => guarded(timer.open(cache)),
      steps: (steps) => guarded(timer.steps(steps)),
      close: (cache) => {
        const answer = isBroken ? Promise.resolve() : guarded(timer.close(cache)).catch(() => {});
        closing.push(answer);
        return answer;
      },
    },
    closed: async () => {
      await Promise.all(closing);
    },
  };
}

/** Opens the cache of a side, once. */
function createOpener(
  timer: StepTimer,
  workload: Workload,
  o: OutsideOptions & { readonly judge: JudgeThreads["judge"] },
): (side: Side) => Promise<AdapterRunner> {
  const opened = new Map<string, Promise<AdapterRunner>>();
  return (side) => {
    const known = opened.get(side.name) ??
      openAdapterRunner(timer, timedCache(workload, side, o), { judge: o.judge });
    opened.set(side.name, known);
    return known;
  };
}

function timedCache(workload: Workload, side: Side, o: OutsideOptions): TimedCache {
  const settings = runnerSettings(workload, side);
  const { shape, headWindows, sinkTokens, scoreScale, learnedSinks, maxBatchTokens } = settings;
  const windows = new Int32Array(headWindows.length * shape.kvHeads);
  headWindows.forEach((row, group) => windows.set(row, group * shape.kvHeads));
  return {
    shape,
    form: side.form,
    layerGroups: headWindows.length,
    headWindows: windows,
    sinkTokens,
    scoreScale,
    learnedSinks,
    layers: Math.min(settings.layersPerGroup, o.layersMeasured ?? layersToMeasure(settings)),
    maxBatchTokens,
    seed: o.seed ?? workload.seed,
  };
}

function ceilingsOf({ opened }: AdapterRunner): MeasuredCeilings | null {
  const { memoryBytesPerSecond, flopsPerSecond, card } = opened;
  if (memoryBytesPerSecond === null || flopsPerSecond === null) return null;
  return { memoryBytesPerSecond, flopsPerSecond, note: `By the adapter, on ${card}` };
}
