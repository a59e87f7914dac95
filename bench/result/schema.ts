/** The schema that a stored result is read with. */

import { z } from "zod";
import { SIDE_NAMES } from "./sides.ts";
import type { GateReport } from "./gate_types.ts";
import { AVAILABILITY_READINGS } from "./availability.ts";
import { type BenchResult, READABLE_RESULT_VERSIONS, RESULT_SCHEMA_VERSION } from "./types.ts";

/** A number of things. */
export const count: z.ZodType<number> = z.number().int().nonnegative();
const text = z.string();
const nullableNumber = z.number().nullable();

/** A distribution's figures, or null where nothing was measured. */
export const summary = z.strictObject({
  count,
  mean: z.number(),
  min: z.number(),
  p50: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  p999: nullableNumber,
  max: z.number(),
}).nullable();

/** Machine, runtime and sources of a result. */
export const environment = z.strictObject({
  os: text,
  arch: text,
  deno: text,
  v8: text,
  adapter: text.nullable(),
  headwise: text.nullable().exactOptional(),
  commit: text.nullable().exactOptional(),
  clean: z.boolean().nullable().exactOptional(),
  driver: text.nullable().exactOptional(),
});

const latencies = z.strictObject({ ttftMs: summary, tbtMs: summary });

const performance = z.strictObject({
  whole: latencies,
  attentionOnly: latencies,
  tbtRelativeError: z.number().exactOptional(),
  queueMs: summary,
  ttftWithoutQueueMs: summary.exactOptional(),
  tpotMs: summary,
  endToEndMs: summary,
  durationMs: z.number(),
  requestsPerSecond: nullableNumber,
  outputTokensPerSecond: nullableNumber,
  totalTokensPerSecond: nullableNumber,
  meanConcurrency: nullableNumber,
  peakConcurrency: count,
  memoryBoundConcurrency: nullableNumber,
  preemptions: count,
  peakPages: z.strictObject({ fullHeads: count, windowHeads: count, capacity: count }),
  prefixCache: z.strictObject({
    lookups: count,
    hits: count,
    hitTokens: count,
    insertedBlocks: count,
    evictedBlocks: count,
  }).nullable(),
  steps: count,
  attentionMs: z.number(),
  restMs: z.number(),
});

const samples = z.strictObject({
  ttftMs: z.array(nullableNumber),
  queueMs: z.array(nullableNumber),
  arrivalMs: z.array(z.number()).exactOptional(),
  tpotMs: z.array(nullableNumber),
  endToEndMs: z.array(nullableNumber),
  preemptions: z.array(count),
});

const numbers = z.array(z.number());
const counts = z.array(count);

const timeline = z.strictObject({
  steps: count,
  stepsPerEntry: count,
  startMs: numbers,
  endMs: numbers,
  attentionMs: numbers,
  running: numbers,
  prefillTokens: counts,
  decodeTokens: counts,
  fullHeadPages: counts,
  windowHeadPages: counts,
  pageHistory: z.strictObject({
    request: count,
    pageSizeTokens: count,
    stepsPerSample: count,
    steps: counts,
    lengthTokens: counts,
    rows: z.array(z.strictObject({
      kind: z.enum(["full", "window", "shared"]),
      group: count,
      head: count,
      windowTokens: count.nullable(),
      sinkTokens: count,
      runs: z.array(counts),
    })),
  }).nullable(),
});

const run = z.strictObject({
  pair: count,
  order: count,
  performance: performance.nullable(),
  failedRequests: z.array(z.strictObject({ request: count, reason: text })),
  samples: samples.nullable(),
  tokenGaps: z.strictObject({ gapMs: numbers, tokens: counts }).nullable().default(null),
  timeline: timeline.nullable().default(null),
});

const sideName = z.enum(SIDE_NAMES);
const gateName = z.enum(["gate/read", "gate/capacity"]);
/** What a gate may say. */
export const verdict = z.enum(["PASS", "FAIL", "INCONCLUSIVE"]);

const side = z.strictObject({
  name: sideName,
  layout: z.enum(["uniform", "headwise", "pooled"]),
  walk: z.enum(["row", "visible"]),
  recycle: z.boolean(),
  runs: z.array(run),
});

const interval = z.strictObject({
  lower: z.number(),
  upper: z.number(),
  confidence: z.number(),
  degenerate: z.boolean(),
}).nullable();

/** One metric of a gate, compared between two sides. */
export const comparison = z.strictObject({
  metric: text,
  unit: text,
  better: z.enum(["lower", "higher"]),
  baseline: nullableNumber,
  candidate: nullableNumber,
  ratio: nullableNumber,
  interval,
  threshold: nullableNumber,
  verdict: verdict.nullable(),
  reason: text,
  minimumDetectableRatio: nullableNumber,
  pairsToDecide: nullableNumber,
  pairLogRatios: z.array(z.number()),
  requestMedianLogRatios: z.array(z.number()),
  requestRatio: nullableNumber,
  requestInterval: interval,
});

/** One gate over two sides. */
export const gate: z.ZodType<GateReport> = z.strictObject({
  gate: gateName,
  verdict,
  reasons: z.array(text),
  baseline: sideName,
  candidate: sideName,
  pairs: count,
  comparisons: z.array(comparison),
  control: z.array(comparison),
  others: z.array(z.strictObject({
    baseline: sideName,
    candidate: sideName,
    comparisons: z.array(comparison),
  })).exactOptional(),
});

const prediction = z.strictObject({
  heads: count,
  windowHeads: count,
  fullHeadPages: z.number(),
  windowHeadPages: z.number(),
  pooledGain: z.number(),
  perHeadGain: z.number(),
  explanation: text,
});

const concurrencyPrediction = z.strictObject({
  side: sideName,
  capacityPages: z.number(),
  heldPages: z.number(),
  admissionPages: z.number(),
  reservePages: z.number(),
  roomRequests: z.number(),
  concurrency: z.number(),
  boundBy: z.enum(["pages", "slots"]),
});

const outcome = z.strictObject({
  layout: z.enum(["headwise", "pooled"]),
  predictedOff: concurrencyPrediction,
  predictedOn: concurrencyPrediction,
  replayedOff: nullableNumber,
  replayedOn: nullableNumber,
  preemptionsOff: nullableNumber,
  preemptionsOn: nullableNumber,
});

/** Every field of a result; unknown ones are refused, so that a typing error is not read as data. */
export const resultSchema: z.ZodType<BenchResult> = z.strictObject({
  kind: z.literal("headwise/bench-result"),
  schemaVersion: z.literal(READABLE_RESULT_VERSIONS).transform((): typeof RESULT_SCHEMA_VERSION =>
    RESULT_SCHEMA_VERSION
  ),
  createdAt: text,
  environment,
  workload: z.strictObject({
    name: text,
    sha256: text,
    model: text,
    modelSha256: text,
    headMapName: text,
    tensorParallel: count,
    measuredRank: count,
    pagesPerHead: count,
    pageSizeTokens: count,
    settings: z.record(text, z.union([text, z.number(), z.boolean(), z.null()])).exactOptional(),
  }),
  requests: z.strictObject({
    count,
    trace: text.nullable(),
    sha256: text.nullable(),
    dropped: z.record(text, count),
  }),
  requestList: z.strictObject({
    ids: counts,
    arrivalMs: numbers,
    inputTokens: counts,
    outputTokens: counts,
  }).nullable().default(null),
  commandLine: text.nullable().default(null),
  options: z.strictObject({
    seed: z.number(),
    pairs: count,
    pageOrder: z.enum(["shuffled", "identity"]),
    gates: z.array(gateName),
    warmupSteps: count,
    maxChecks: count,
    readPair: z.strictObject({ baseline: sideName, candidate: sideName }).exactOptional(),
    prefixCache: z.boolean(),
    sequential: z.strictObject({ firstPairs: count, maxPairs: count }).nullable(),
    availability: z.enum(AVAILABILITY_READINGS),
    fleet: z.strictObject({
      replicas: count,
      router: z.enum(["round-robin", "least-loaded", "prefix-aware"]),
    }).exactOptional(),
  }),
  clock: z.strictObject({
    kind: z.enum(["model", "gpu", "adapter", "table"]),
    adapter: z.strictObject({
      command: text,
      kernels: z.record(text, text),
      card: text,
      driver: text.nullable(),
      versions: z.record(text, text),
      isCaptured: z.boolean(),
      arithmetic: z.record(text, z.union([text, z.number()])),
    }).exactOptional(),
    table: z.strictObject({
      name: text,
      sha256: text,
      rows: count,
      card: text.nullable(),
      leaveOutErrorPercent: z.strictObject({ median: z.number(), p90: z.number() }).nullable(),
      rowsLeftOut: count,
      furthestFactor: z.number(),
    }).exactOptional(),
    reason: text.nullable(),
    deterministic: z.boolean(),
    software: z.boolean().exactOptional(),
    layersMeasured: count.nullable(),
    ceilings: z.strictObject({
      memoryBytesPerSecond: z.number(),
      flopsPerSecond: z.number(),
      source: z.enum(["measured", "fixture", "default"]),
      note: text,
    }),
    calibration: z.strictObject({
      card: text,
      basis: z.enum(["measured", "scaled"]),
      profileOf: text,
      measuredAt: text,
      software: z.record(text, text.nullable()),
      factors: z.record(text, z.number()),
      fittedTo: text.nullable(),
      error: z.strictObject({
        class: text,
        ttft: z.number(),
        tpot: z.number(),
        throughput: z.number(),
      }),
    }).exactOptional(),
  }),
  clockCost: z.strictObject({
    batches: count,
    steps: count,
    samples: count,
    wallMs: z.number(),
    protocolMs: z.number(),
  }).exactOptional(),
  restOfLayer: z.strictObject({
    fixedWeightBytes: z.number(),
    expertBytes: z.number(),
    flopsPerToken: z.number(),
    assumptions: z.array(text),
  }),
  formulas: z.record(text, text),
  sides: z.array(side),
  verification: z.strictObject({
    method: z.enum(["gpu", "adapter", "oracle"]),
    checks: count,
    worstBudgetUsed: nullableNumber,
    failures: z.array(text),
  }),
  capacityPrediction: prediction,
  concurrencyPredictions: z.array(concurrencyPrediction),
  readGate: gate.nullable(),
  capacityGate: z.strictObject({
    verdict,
    decidedBy: z.enum(["headwise", "pooled"]),
    prediction,
    perHead: gate,
    pooled: gate,
    outcomes: z.array(outcome),
  }).nullable(),
});
