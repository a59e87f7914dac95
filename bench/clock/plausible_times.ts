/** Whether times of steps can have been measured around the steps' work. */

import type { WorkCount } from "../../kernel/mod.ts";
import type { PassedTime } from "./protocol_cost.ts";

/** Work of a step and the time that was claimed for it. */
export interface ClaimedTime {
  readonly step: number;
  /** Milliseconds of one layer. */
  readonly milliseconds: number;
  /** Bytes that any kernel has to read for one layer. */
  readonly leastBytes: number;
  /** Operations that any kernel has to make for one layer. */
  readonly leastFlops: number;
}

/** Where and over how long the times were measured. */
export interface ClaimContext extends PassedTime {
  /** Whether the card is the machine's processor. */
  readonly isSoftware: boolean;
}

/**
 * Faster than anything that is built, by a factor of two or so: memory of 8 TB/s and 2.5 PFLOP/s of 16-bit
 * products are one B200's data sheet, and a processor reads its last-level cache at some 1 TB/s.
 */
const FASTEST = {
  card: { bytesPerMs: 16e9, flopsPerMs: 5e12 },
  processor: { bytesPerMs: 2e9, flopsPerMs: 50e9 },
} as const;
/** Steps with the same time to the last bit, though their work differs, that no timer gives. */
const SAME_TIMES = 4;
/** Work of the most and the least of them must differ by this for times to have to. */
const WORK_DIFFERS = 1.5;
/** Steps over which times have to follow work. */
const STEPS_COMPARED = 32;
/** How many times as much work a quarter of the steps must have to be expected to take longer. */
const WORK_CONTRAST = 8;
/** Bytes from which reading is most of a step: launching takes microseconds. */
const MEMORY_BOUND_BYTES = { card: 64e6, processor: 1e6 } as const;
/** Timers and clocks of two processes agree this well. */
const ELAPSED_SLACK = { factor: 1.02, ms: 2 } as const;

/**
 * Finds what contradicts measured times.
 *
 * Times made up by somebody who knows how long a step should take cannot be told from measured ones;
 * what is found is a time that no timer gives.
 *
 * @returns What is wrong, or null.
 */
export function findImplausibleTime(
  times: readonly ClaimedTime[],
  o: ClaimContext,
): string | null {
  const { bytesPerMs, flopsPerMs } = FASTEST[o.isSoftware ? "processor" : "card"];
  let total = 0;
  for (const { step, milliseconds, leastBytes, leastFlops } of times) {
    if (!(Number.isFinite(milliseconds) && milliseconds > 0)) {
      return `step ${step} is said to take ${milliseconds} ms: a time is finite and above 0`;
    }
    const leastMs = Math.max(leastBytes / bytesPerMs, leastFlops / flopsPerMs);
    if (milliseconds < leastMs) {
      return `step ${step} is said to take ${milliseconds} ms for ${leastBytes} bytes and ` +
        `${leastFlops} operations: no ${o.isSoftware ? "processor" : "card"} is that fast`;
    }
    total += milliseconds;
  }
  if (isLonger(total, o.elapsedMs)) {
    return `${times.length} steps are said to take ${total.toFixed(3)} ms together, but only ` +
      `${o.elapsedMs.toFixed(3)} ms passed`;
  }
  const { earlierMs, elapsedMs } = o.stretch;
  if (isLonger(total + earlierMs, elapsedMs)) {
    return `${times.length} steps and those before are said to take ` +
      `${(total + earlierMs).toFixed(3)} ms together, but only ${elapsedMs.toFixed(3)} ms passed`;
  }
  return findConstantTimes(times) ?? findIdleTimes(times, o.isSoftware);
}

function isLonger(claimedMs: number, elapsedMs: number): boolean {
  return claimedMs > elapsedMs * ELAPSED_SLACK.factor + ELAPSED_SLACK.ms;
}

function findConstantTimes(times: readonly ClaimedTime[]): string | null {
  let first = 0;
  for (let index = 1; index <= times.length; index++) {
    if (index < times.length && times[index].milliseconds === times[first].milliseconds) continue;
    const alike = times.slice(first, index);
    const bytes = alike.map(({ leastBytes }) => leastBytes);
    if (
      alike.length >= SAME_TIMES && Math.max(...bytes) >= WORK_DIFFERS * Math.min(...bytes)
    ) {
      return `steps ${alike[0].step} to ${alike.at(-1)!.step} are each said to take ` +
        `${alike[0].milliseconds} ms, though they read ${Math.min(...bytes)} to ` +
        `${Math.max(...bytes)} bytes: no timer gives that`;
    }
    first = index;
  }
  return null;
}

/** Times that stay the same where reading is eight times as much were not measured around it. */
function findIdleTimes(times: readonly ClaimedTime[], isSoftware: boolean): string | null {
  if (times.length < STEPS_COMPARED) return null;
  const sorted = times.toSorted((a, b) => a.leastBytes - b.leastBytes);
  const quarter = Math.floor(sorted.length / 4);
  const [little, much] = [sorted.slice(0, quarter), sorted.slice(-quarter)];
  const most = median(much.map(({ leastBytes }) => leastBytes));
  const least = median(little.map(({ leastBytes }) => leastBytes));
  const isLarge = most >= MEMORY_BOUND_BYTES[isSoftware ? "processor" : "card"];
  if (!isLarge || most < WORK_CONTRAST * least) return null;
  const long = median(much.map(({ milliseconds }) => milliseconds));
  const short = median(little.map(({ milliseconds }) => milliseconds));
  if (long > short) return null;
  return `steps that read ${most} bytes are said to take ${long} ms, and steps that read ${least} ` +
    `bytes ${short} ms: the times do not follow the work`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** What any kernel has to do for a step, whatever its form. */
export function leastWork(work: WorkCount): Pick<ClaimedTime, "leastBytes" | "leastFlops"> {
  return { leastBytes: work.keyValueBytes + work.queryOutputBytes, leastFlops: work.flops };
}
