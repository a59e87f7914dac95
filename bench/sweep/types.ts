/** What a sweep's file holds: a header, then a row for each finished point. */

import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";
import { SIDE_NAMES, verdict } from "../result/mod.ts";

/** Version of the file's shape. */
export const SWEEP_VERSION = 1;

const nullable = z.number().nullable();
const text = z.string();
const gate = z.enum(["gate/read", "gate/capacity"]);
const axis = z.array(z.number());

/** First line of the file. */
export const headerSchema = z.strictObject({
  kind: z.literal("headwise/sweep"),
  version: z.literal(SWEEP_VERSION),
  /** SHA-256 of the identity: what has to be equal to resume a file, or to merge two. */
  hash: text,
  fixture: text,
  /** SHA-256 of the fixture's text. */
  fixtureSha256: text,
  /** SHA-256 of the model's text. */
  modelSha256: text,
  /** Values of each axis of the grid; an empty one keeps the fixture's. */
  axes: z.strictObject({
    /** Windows W in tokens. */
    windowTokens: axis,
    /** Shares of window heads, the first ones of every layer. */
    ratio: axis,
    /** Prompt lengths in tokens; every prompt gets this one. */
    contextTokens: axis,
    /** Batch slots. */
    batch: axis,
    /** Page sizes in tokens; the memory stays the same. */
    pageSizeTokens: axis,
  }),
  /** Gates of every point. */
  gates: z.array(gate),
  /** Clock that was asked for. */
  clock: text,
  /** Interleaved repetitions; null for what suits the clock. */
  pairs: nullable,
  /** Seed; null for the fixture's. */
  seed: nullable,
});

/** A point that was replayed, or could not be. */
export const rowSchema = z.strictObject({
  kind: z.literal("point"),
  /** Place in the grid, from 0. */
  index: z.number().int().nonnegative(),
  point: z.strictObject({
    windowTokens: nullable,
    ratio: nullable,
    contextTokens: nullable,
    batch: nullable,
    pageSizeTokens: nullable,
  }),
  /** Clock that was asked for. */
  clock: z.enum(["model", "gpu", "adapter", "table"]).nullable(),
  verdicts: z.partialRecord(gate, verdict),
  /** Sides; empty where the point could not be replayed. */
  sides: z.array(z.strictObject({
    name: z.enum(SIDE_NAMES),
    /** Mean time to first token in milliseconds. */
    meanTtftMs: nullable,
    /** Mean time between tokens in milliseconds. */
    meanTbtMs: nullable,
    outputTokensPerSecond: nullable,
    /** Running requests, averaged over time. */
    meanConcurrency: nullable,
    preemptions: nullable,
    /** Requests that failed, over all pairs. */
    failedRequests: z.number(),
  })),
  /** Why the point could not be replayed, or null. */
  error: text.nullable(),
});

/** First line of the file. */
export type SweepHeader = Stored<typeof headerSchema>;
/** Values of each axis; an empty one keeps the fixture's. */
export type SweepAxes = SweepHeader["axes"];
/** One value of each axis; null where the axis is empty. */
export type SweepPoint = { readonly [AXIS in keyof SweepAxes]: number | null };
/** Everything that the rows of a sweep share; two files with equal ones can be merged. */
export type SweepIdentity = Omit<SweepHeader, "kind" | "version" | "hash">;
/** A point that was replayed, or could not be. */
export type SweepRow = Stored<typeof rowSchema>;
/** Figures of one side, means over the pairs; null where nothing was measured. */
export type SweepSide = SweepRow["sides"][number];

/** A sweep as read back. */
export interface Sweep {
  /** First line. */
  readonly header: SweepHeader;
  /** Rows in the order of the grid. */
  readonly rows: readonly SweepRow[];
}
