/** What a benchmark run leaves behind: the one declaration of a result file and of its types. */

import { z } from "zod";
import { availability } from "./availability.ts";
import { clock, clockCost } from "./clock_schema.ts";
import { capacityGate, capacityPrediction, concurrencyPrediction, gate } from "./gate_schema.ts";
import { count, environment, nullableNumber } from "./parts.ts";
import { requestList } from "./recording.ts";
import { side } from "./run_schema.ts";
import { gateName, sidePair } from "./sides.ts";
import { ROUTERS, type Stored } from "../../fixtures/mod.ts";

/** Version of the result file's shape; raised when a field changes its meaning or goes away. */
export const RESULT_SCHEMA_VERSION = 2;

/** Versions that are read: in version 1 nothing was recorded beside the figures. */
export const READABLE_RESULT_VERSIONS = [1, RESULT_SCHEMA_VERSION] as const;

const text = z.string();

const workload = z.strictObject({
  name: text,
  /** SHA-256 of the fixture's text. */
  sha256: text,
  model: text,
  /** SHA-256 of the model file's text. */
  modelSha256: text,
  headMapName: text,
  /** Ranks that share the heads. */
  tensorParallel: count,
  /** The rank whose shard is timed: the one with the most full heads, for it is the slowest. */
  measuredRank: count,
  /** Page ids of each per-head pool, N. */
  pagesPerHead: count,
  /** Tokens of a page, P. */
  pageSizeTokens: count,
  /** Everything that was resolved of the workload, overrides included, by path. */
  settings: z.record(text, z.union([text, z.number(), z.boolean(), z.null()])).exactOptional(),
});

/** Where requests came from. */
export const requestsIdentity = z.strictObject({
  /** Number of requests replayed. */
  count,
  /** Name of the trace file without its folder, or null for the fixture's own requests. */
  trace: text.nullable(),
  /** SHA-256 of the trace's bytes, or null. */
  sha256: text.nullable(),
  /** Rows of the trace that were left out, by reason. */
  dropped: z.record(text, count),
});

const fleet = z.strictObject({
  replicas: count,
  router: z.enum(ROUTERS),
});

const options = z.strictObject({
  /** Seed of page order, speculative acceptance and sampled checks. */
  seed: z.number(),
  /** Interleaved repetitions of every side; before the first look where the run could stop. */
  pairs: count,
  /** Order in which pools hand out pages, the same for every side. */
  pageOrder: z.enum(["shuffled", "identity"]),
  gates: z.array(gateName),
  /** Discarded steps of each side before the first pair. */
  warmupSteps: count,
  /** Most sampled checks of one replay. */
  maxChecks: count,
  /** Pair that `gate/read` judges; the whole row walked against live pages where left out. */
  readPair: sidePair.exactOptional(),
  /** Whether prompts shared the pages of their prefixes. */
  prefixCache: z.boolean(),
  /** Looks at which the run could stop; null where the number of pairs was fixed beforehand. */
  sequential: z.strictObject({ firstPairs: count, maxPairs: count }).nullable(),
  /** How admission read the share of free pages; anything but `pools` is a fault put in on purpose. */
  availability,
  /** Replicas behind a router; absent where there was one engine. */
  fleet: fleet.exactOptional(),
});

const restOfLayer = z.strictObject({
  /** Weights that every step reads whatever its batch, in bytes on one rank. */
  fixedWeightBytes: z.number(),
  /** Bytes of one routed expert on one rank, 0 in a dense model. */
  expertBytes: z.number(),
  /** Operations of one token through every layer, the output projection left out, on one rank. */
  flopsPerToken: z.number(),
  /** Formulas and assumptions, one per line. */
  assumptions: z.array(text),
});

const verification = z.strictObject({
  /** `gpu` and `adapter`: the kernel against the oracle; `oracle`: two oracles against each other. */
  method: z.enum(["gpu", "adapter", "oracle"]),
  /** Number of checks made. */
  checks: count,
  /** Largest share of the error budget that a check used; 1 is the bound. */
  worstBudgetUsed: nullableNumber,
  /** Failed checks, each with its side and step; empty when all held. */
  failures: z.array(text),
});

/** Every field of a result; unknown ones are refused, so that a typing error is not read as data. */
export const resultSchema = z.strictObject({
  kind: z.literal("headwise/bench-result"),
  schemaVersion: z.literal(READABLE_RESULT_VERSIONS).transform((): typeof RESULT_SCHEMA_VERSION =>
    RESULT_SCHEMA_VERSION
  ),
  /** When the run ended, ISO 8601 in UTC. */
  createdAt: text,
  environment,
  workload,
  requests: requestsIdentity,
  /** Each of them; null where nothing was recorded beside the figures. */
  requestList: requestList.nullable().default(null),
  /** Command that starts the same run again, or null where it was started from code. */
  commandLine: text.nullable().default(null),
  options,
  clock,
  /** What the clock's protocol took, where an adapter timed the steps. */
  clockCost: clockCost.exactOptional(),
  /** Modelled cost of everything but attention. */
  restOfLayer,
  /** What each metric means, by name. */
  formulas: z.record(text, text),
  sides: z.array(side),
  /** Checks of correctness. */
  verification,
  /** What arithmetic says that recycling can win on this workload. */
  capacityPrediction,
  /** Concurrency that arithmetic predicts for each side while memory bounds the batch. */
  concurrencyPredictions: z.array(concurrencyPrediction),
  /** `gate/read`, or null where it was not asked for. */
  readGate: gate.nullable(),
  /** `gate/capacity`, or null where it was not asked for. */
  capacityGate: capacityGate.nullable(),
});

/** One benchmark run, as stored. */
export type BenchResult = Stored<typeof resultSchema>;
/** Which workload was replayed. */
export type WorkloadIdentity = Stored<typeof workload>;
/** Values of a resolved workload by dotted path, as `scheduler.maxSequences`. */
export type ResolvedWorkloadSettings = NonNullable<WorkloadIdentity["settings"]>;
/** Where the requests came from. */
export type RequestsIdentity = Stored<typeof requestsIdentity>;
/** The options that a run was made with. */
export type ResultOptions = Stored<typeof options>;
/** The cost of everything but attention, as it was modelled. */
export type RestOfLayerStatement = Stored<typeof restOfLayer>;
