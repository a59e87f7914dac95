/** The schema that a stored kernel result is read with. */

import { z } from "zod";
import { environment } from "../result/mod.ts";
import { caseSchema, goalSchema, peerSchema, shapeSchema } from "./case_schema.ts";
import { KERNEL_RESULT_VERSION, type KernelResult } from "./result_types.ts";

const count = z.int().nonnegative();
const milliseconds = z.array(z.number());
// What a kernel of another version adds to these is kept, and needs no new version of the file.
const ceilings = z.looseObject({
  memoryBytesPerSecond: z.number(),
  flopsPerSecond: z.number(),
  spread: z.strictObject({ memory: z.number(), flops: z.number() }),
  bytesRead: z.number(),
});

const figures = z.strictObject({
  medianMs: z.number(),
  quartilesMs: z.tuple([z.number(), z.number()]),
  spread: z.number(),
  bytesPerSecond: z.number(),
  flopsPerSecond: z.number(),
  bound: z.enum(["memory", "compute"]),
  idealMs: z.number(),
  ceilingShare: z.number(),
  emptyChainMs: z.number(),
  overheadMicroseconds: z.number(),
});

const outcome = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("timed"),
    samplesMs: milliseconds,
    worstBudgetUsed: z.number(),
    keysRead: count,
    items: z.record(z.string(), count),
    splitRows: count,
    dispatches: count,
    host: z.strictObject({
      planMs: z.number(),
      uploadMs: z.number(),
      recordMs: z.number(),
    }),
    tuning: z.record(z.string(), z.number()).nullable(),
    arithmetic: z.enum(["f32", "matrix"]).optional(),
    figures,
  }),
  z.strictObject({ kind: z.enum(["skipped", "wrong", "failed"]), reason: z.string() }),
]);

const caseResult = z.strictObject({
  case: caseSchema.extend({ shape: shapeSchema }),
  work: z.strictObject({
    keyValueBytes: z.number(),
    tableBytes: z.number(),
    queryOutputBytes: z.number(),
    bytes: z.number(),
    flops: z.number(),
    walkedBytes: z.number(),
  }),
  layers: count,
  cacheBytes: z.number(),
  outcome,
});

const peers = z.strictObject({
  peers: z.array(z.strictObject({
    peer: peerSchema,
    version: z.string().nullable(),
    absent: z.string().nullable(),
  })),
  results: z.array(z.strictObject({
    peer: peerSchema,
    case: z.string(),
    outcome: z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("timed"),
        samplesMs: milliseconds,
        medianMs: z.number(),
        note: z.string(),
      }),
      z.strictObject({ kind: z.literal("skipped"), reason: z.string() }),
    ]),
  })),
});

/** A stored kernel result. */
export const kernelResultSchema: z.ZodType<KernelResult> = z.strictObject({
  kind: z.literal("headwise/kernel-result"),
  schemaVersion: z.literal(KERNEL_RESULT_VERSION),
  createdAt: z.string(),
  environment: z.union([
    environment,
    z.strictObject({
      os: z.string(),
      arch: z.string().nullable(),
      browser: z.string(),
      adapter: z.string().nullable(),
    }),
  ]),
  adapter: z.looseObject({
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
  }),
  options: z.strictObject({
    runs: count,
    checks: count,
    seed: count,
    maxGigabytes: z.number(),
    tuning: z.enum(["default", "stored"]),
  }),
  ceilings: z.strictObject({
    before: ceilings,
    after: ceilings,
    memoryBytesPerSecond: z.number(),
    flopsPerSecond: z.number(),
    matrixFlopsPerSecond: z.number().nullable().optional(),
  }),
  cases: z.array(caseResult),
  peers: peers.nullable(),
  goals: z.array(z.strictObject({
    case: z.string(),
    goal: goalSchema,
    value: z.number().nullable(),
    met: z.boolean().nullable(),
  })),
});
