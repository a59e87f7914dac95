/** What a result says of the clock that timed it. */

import { z } from "zod";
import { count } from "./parts.ts";
import type { Stored } from "../../fixtures/mod.ts";

const text = z.string();

const ceilings = z.strictObject({
  /** Bytes per second from device memory. */
  memoryBytesPerSecond: z.number(),
  /** Floating-point operations per second. */
  flopsPerSecond: z.number(),
  /** `measured` on this machine, `fixture` where the workload states them, else `default`. */
  source: z.enum(["measured", "fixture", "default"]),
  /** Where the figures come from, in words. */
  note: text,
});

const adapter = z.strictObject({
  /** Way in to the adapter, as the command line names it. */
  command: text,
  /** Kernel of each side, in the words of its makers. */
  kernels: z.record(text, text),
  /** Card that it ran on. */
  card: text,
  /** Driver of the card; null where there is none. */
  driver: text.nullable(),
  /** Versions of what matters, by name. */
  versions: z.record(text, text),
  /** Whether steps were recorded once and replayed. */
  isCaptured: z.boolean(),
  /** Arithmetic that its outputs were judged by: what differs from float32 throughout. */
  arithmetic: z.record(text, z.union([text, z.number()])),
});

const table = z.strictObject({
  /** Name of the file, without its folder. */
  name: text,
  /** SHA-256 of its bytes, in hexadecimal. */
  sha256: text,
  rows: count,
  /** Card that the file names, or null. */
  card: text.nullable(),
  /**
   * Relative error of each row's time where it is interpolated from the others: median and 90th
   * percentile of those that can be, in percent; null where none can.
   */
  leaveOutErrorPercent: z.strictObject({ median: z.number(), p90: z.number() }).nullable(),
  /** Rows that can be left out and interpolated from the others. */
  rowsLeftOut: count,
  /** Furthest that a step lay outside of the table, as a factor; 1 is inside. */
  furthestFactor: z.number(),
});

const calibration = z.strictObject({
  /** Card that the times are of. */
  card: text,
  /** `measured`: the card's own profile; `scaled`: another's, carried over by data sheets. */
  basis: z.enum(["measured", "scaled"]),
  /** Card that was measured. */
  profileOf: text,
  measuredAt: text,
  /** Driver and versions of what measured it. */
  software: z.record(text, text.nullable()),
  /** Factors on parts of a step, 1 where nothing was fitted. */
  factors: z.record(text, z.number()),
  /** What the factors were fitted to, or null. */
  fittedTo: text.nullable(),
  /** Validated errors, 90th percentile of the class, as shares. */
  error: z.strictObject({
    /** Class of published measurements that the errors are of. */
    class: text,
    /** Of mean TTFT. */
    ttft: z.number(),
    /** Of mean TPOT. */
    tpot: z.number(),
    throughput: z.number(),
  }),
});

/** The step clock that timed the replay. */
export const clock = z.strictObject({
  /**
   * `model`: bytes and operations over ceilings; `gpu`: the kernel's own dispatches, timed;
   * `adapter`: somebody else's kernel, timed by its own program; `table`: times of a file.
   */
  kind: z.enum(["model", "gpu", "adapter", "table"]),
  /** Whose kernel, where `kind` is `adapter`. */
  adapter: adapter.exactOptional(),
  /** Which times, where `kind` is `table`. */
  table: table.exactOptional(),
  /** Why this clock and not the other, or null where it was asked for. */
  reason: text.nullable(),
  /** Whether two replays of one side give the same times. */
  deterministic: z.boolean(),
  /** Whether the times are those of a device that runs on the CPU; such a run has no verdict. */
  software: z.boolean().exactOptional(),
  /** Layers whose caches are really there and rotated; null where nothing is measured. */
  layersMeasured: count.nullable(),
  /** Ceilings of the modelled part. */
  ceilings,
  /** The card's profile that stands in for the ceilings; absent where there is none. */
  calibration: calibration.exactOptional(),
});

/** What the protocol of a clock adapter took beside the steps themselves. */
export const clockCost = z.strictObject({
  batches: count,
  steps: count,
  /** Sampled rows that came back and were judged. */
  samples: count,
  /** Milliseconds that replays took, on all sides. */
  wallMs: z.number(),
  /** Milliseconds of one layer that the steps took by the device's own timers. */
  stepMs: z.number().exactOptional(),
  /** Milliseconds that the adapter says it was busy with the steps, its own planning included. */
  busyMs: z.number().exactOptional(),
  /** Milliseconds of judging, most of them beside batches that run. */
  judgeMs: z.number().exactOptional(),
  /** Milliseconds of packing, sending, reading and judging that no step ran beside. */
  protocolMs: z.number(),
  /**
   * By side, milliseconds of its steps by the device's own timers, and milliseconds by this program's
   * clock in which they were with the adapter.
   */
  sides: z.record(text, z.strictObject({ stepMs: z.number(), sentMs: z.number() })).exactOptional(),
});

/** Machine ceilings and where they come from. */
export type ResultCeilings = Stored<typeof ceilings>;
/** Times that were read from a table. */
export type ClockTable = Stored<typeof table>;
/** A card's profile behind the modelled part, and what is known of its error. */
export type ClockCalibration = Stored<typeof calibration>;
/** The step clock that timed the replay. */
export type ClockDescription = Stored<typeof clock>;
