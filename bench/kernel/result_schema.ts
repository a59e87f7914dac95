/** What a run of the kernel benchmark leaves behind: the one declaration of file and types. */

import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";
import type { AdapterDescription, GpuCeilings } from "../../kernel/mod.ts";
import { environment, parseDocument } from "../result/mod.ts";
import { goalSchema, peerSchema, storedCaseSchema } from "./case_schema.ts";

/** Version of the file; a reader refuses others. */
export const KERNEL_RESULT_VERSION = 1;

const count = z.int().nonnegative();
const milliseconds = z.array(z.number());
// What a kernel of another version adds to these is kept, and needs no new version of the file.
const ceilingsSchema: z.ZodType<GpuCeilings> = z.looseObject({
  memoryBytesPerSecond: z.number(),
  flopsPerSecond: z.number(),
  spread: z.strictObject({ memory: z.number(), flops: z.number() }),
  bytesRead: z.number(),
});

const figuresSchema = z.strictObject({
  medianMs: z.number(),
  /** First and third quartile. */
  quartilesMs: z.tuple([z.number(), z.number()]),
  /** Largest over smallest sample. */
  spread: z.number(),
  /** Bytes that must be read, over the median. */
  bytesPerSecond: z.number(),
  /** Operations over the median. */
  flopsPerSecond: z.number(),
  /** The ceiling that would take longer at its best. */
  bound: z.enum(["memory", "compute"]),
  /** Time at that ceiling. */
  idealMs: z.number(),
  /** Ideal time over median. */
  ceilingShare: z.number(),
  /** An empty chain of as many dispatches, median. */
  emptyChainMs: z.number(),
  /** Median less ideal time and empty chain, in microseconds. */
  overheadMicroseconds: z.number(),
});

const outcomeSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("timed"),
    /** Milliseconds of each run, oldest first. */
    samplesMs: milliseconds,
    /** Largest share of the error bound that a checked row used. */
    worstBudgetUsed: z.number(),
    /** Keys that the plan reads, whole pages, each KV head and tile counted. */
    keysRead: count,
    /** Work items, by rows of an item. */
    items: z.record(z.string(), count),
    splitRows: count,
    dispatches: count,
    /** CPU milliseconds to plan a step, to upload it and to record its layers. */
    host: z.strictObject({
      planMs: z.number(),
      uploadMs: z.number(),
      recordMs: z.number(),
    }),
    /** Tuning other than the default, or null. */
    tuning: z.record(z.string(), z.number()).nullable(),
    /** What multiplied most rows; files before matrices do not say. */
    arithmetic: z.enum(["f32", "matrix"]).optional(),
    figures: figuresSchema,
  }),
  z.strictObject({ kind: z.enum(["skipped", "wrong", "failed"]), reason: z.string() }),
]);

const caseResultSchema = z.strictObject({
  case: storedCaseSchema,
  /** What it must do. */
  work: z.strictObject({
    /** Bytes of keys and values that some query of the step sees: 4·D each and KV head at 16 bit. */
    keyValueBytes: z.number(),
    /** Bytes of the table entries of those pages. */
    tableBytes: z.number(),
    /** Bytes of queries read and outputs written. */
    queryOutputBytes: z.number(),
    bytes: z.number(),
    /** Operations of both products over visible keys. */
    flops: z.number(),
    /** Bytes that the case's walk reads, masked keys included. */
    walkedBytes: z.number(),
  }),
  /** Layers whose caches took turns. */
  layers: count,
  cacheBytes: z.number(),
  outcome: outcomeSchema,
});

const peersSchema = z.strictObject({
  /** Version of each that answers, or why it is absent. */
  peers: z.array(z.strictObject({
    peer: peerSchema,
    version: z.string().nullable(),
    absent: z.string().nullable(),
  })),
  /** Their times. */
  results: z.array(z.strictObject({
    peer: peerSchema,
    case: z.string(),
    /** Times, or why there are none. */
    outcome: z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("timed"),
        /** Milliseconds of each run, oldest first. */
        samplesMs: milliseconds,
        medianMs: z.number(),
        note: z.string(),
      }),
      z.strictObject({ kind: z.literal("skipped"), reason: z.string() }),
    ]),
  })),
});

/** The adapter; `isSoftware` where its times say nothing of a GPU. */
const adapterSchema: z.ZodType<
  AdapterDescription & {
    readonly isSoftware: boolean;
    readonly subgroupSize: number;
    readonly dialect: string;
  }
> = z.looseObject({
  vendor: z.string(),
  architecture: z.string(),
  device: z.string(),
  description: z.string(),
  subgroupMinSize: count,
  subgroupMaxSize: count,
  features: z.array(z.string()),
  isSoftware: z.boolean(),
  subgroupSize: count,
  dialect: z.string(),
});

/** A stored kernel result. */
export const kernelResultSchema = z.strictObject({
  kind: z.literal("headwise/kernel-result"),
  /** {@link KERNEL_RESULT_VERSION}. */
  schemaVersion: z.literal(KERNEL_RESULT_VERSION),
  /** When the run began, in ISO 8601. */
  createdAt: z.string(),
  /** Machine and runtime. */
  environment: z.union([
    environment,
    z.strictObject({
      /** Operating system, as the browser names it. */
      os: z.string(),
      /** Instruction set, or null where the browser keeps it to itself. */
      arch: z.string().nullable(),
      /** Name and version of the browser. */
      browser: z.string(),
      adapter: z.string().nullable(),
    }),
  ]),
  adapter: adapterSchema,
  options: z.strictObject({
    runs: count,
    checks: count,
    seed: count,
    maxGigabytes: z.number(),
    /** Tuning other than the default, or null. */
    tuning: z.enum(["default", "stored"]),
  }),
  /** Ceilings measured before the first case and after the last, and the better of both. */
  ceilings: z.strictObject({
    before: ceilingsSchema,
    after: ceilingsSchema,
    memoryBytesPerSecond: z.number(),
    flopsPerSecond: z.number(),
    /** Of f16 matrices that add up in f32; null or left out where there are none. */
    matrixFlopsPerSecond: z.number().nullable().optional(),
  }),
  /** Cases in the order of the file. */
  cases: z.array(caseResultSchema),
  /** Version of each that answers, or why it is absent. */
  peers: peersSchema.nullable(),
  goals: z.array(z.strictObject({
    case: z.string(),
    goal: goalSchema,
    /** What was measured in the goal's own unit, or null where something is missing. */
    value: z.number().nullable(),
    /** Whether it is met, or null where nothing can be said. */
    met: z.boolean().nullable(),
  })),
});

/**
 * Parses a stored kernel result.
 *
 * @throws {ResultError} When the text is no kernel result of this version.
 */
export function parseKernelResult(text: string, o: { readonly file: string }): KernelResult {
  return parseDocument(text, {
    ...o,
    schema: kernelResultSchema,
    versions: [KERNEL_RESULT_VERSION],
  });
}

/** A whole run. */
export type KernelResult = Stored<typeof kernelResultSchema>;
/** One case of a result. */
export type KernelCaseResult = KernelResult["cases"][number];
/** What a step must read and compute, whatever kernel runs it. */
export type KernelCaseWork = KernelCaseResult["work"];
/** Times of a case, or why there are none. */
export type KernelOutcome = KernelCaseResult["outcome"];
/** Figures of a timed case. */
export type KernelFigures = Stored<typeof figuresSchema>;
/** What was found of the peers. */
export type PeersReport = Stored<typeof peersSchema>;
/** One peer on one case. */
export type PeerResult = PeersReport["results"][number];
/** What a peer did on a case. */
export type PeerOutcome = PeerResult["outcome"];
/** A goal of a case, judged. */
export type KernelGoalResult = KernelResult["goals"][number];
/** The browser that a result was made in. */
export type BrowserEnvironment = Extract<KernelResult["environment"], { readonly browser: string }>;
