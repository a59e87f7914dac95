/** A run as its result tells it, the verdicts aside. */

import type { TraceRequest } from "../../fixtures/mod.ts";
import { predictCapacity, predictConcurrency } from "../gate/mod.ts";
import {
  type BenchResult,
  METRIC_FORMULAS,
  type RequestList,
  RESULT_SCHEMA_VERSION,
  type RunResult,
  type SideName,
} from "../result/mod.ts";
import {
  describeClockCost,
  describeExternalClock,
  environmentOf,
  isSoftware,
} from "./describe_clock.ts";
import type { Bench } from "./prepare.ts";
import { describeCalibration } from "./calibration.ts";
import { describeWorkloadSettings } from "./workload_settings.ts";
import type { LoggedCheck } from "../replay/mod.ts";
import { describeRestOfLayer, isAdapterClock, type StepClock } from "../clock/mod.ts";

/** Checks of one replay, with the side that they belong to. */
export interface SideCheck extends LoggedCheck {
  readonly side: SideName;
}

/** Everything of the result but the verdicts. */
export function describeRun(
  bench: Bench,
  o: {
    readonly clocks: readonly StepClock[];
    readonly runs: readonly RunResult[][];
    readonly checks: readonly SideCheck[];
    /** Milliseconds that the replays took. */
    readonly wallMs: number;
  },
): BenchResult {
  const earlier = bench.options.resume?.verification;
  const { options, resolved, ceilings } = bench;
  const { workload, trace, clock } = options;
  const failures = o.checks.filter(({ ok }) => !ok)
    .map(({ side, message }) => `side '${side}', ${message}`);
  // An adapter's rows are judged beside what runs later, and end the run where one is wrong.
  const costs = o.clocks.filter(isAdapterClock).map((each) => each.cost());
  const judged = costs.length > 0
    ? costs.reduce((sum, { samples }) => sum + samples, 0)
    : o.checks.length;
  const checks = judged + (earlier?.checks ?? 0);
  const worst = [...o.checks, ...costs].reduce(
    (most, { worstBudgetUsed }) => Math.max(most, worstBudgetUsed),
    earlier?.worstBudgetUsed ?? 0,
  );
  return {
    kind: "headwise/bench-result",
    schemaVersion: RESULT_SCHEMA_VERSION,
    createdAt: new Date().toISOString(),
    environment: environmentOf(options, o.clocks),
    workload: {
      name: workload.name,
      sha256: workload.sourceSha256,
      model: workload.model.name,
      modelSha256: workload.model.sourceSha256,
      headMapName: workload.headMapName,
      tensorParallel: workload.tensorParallel,
      measuredRank: bench.measuredRank,
      pagesPerHead: workload.cache.pagesPerHead,
      pageSizeTokens: workload.cache.pageSizeTokens,
      settings: describeWorkloadSettings(workload),
    },
    requests: {
      count: bench.requests.length,
      trace: trace?.name ?? null,
      sha256: trace?.sha256 ?? null,
      dropped: trace?.dropped ?? {},
    },
    requestList: bench.timelineEntries === 0 ? null : listRequests(bench.requests),
    commandLine: options.commandLine ?? null,
    options: resolved,
    clock: {
      kind: clock.kind,
      reason: clock.kind === "model" ? clock.reason : null,
      deterministic: o.clocks.every(({ deterministic }) => deterministic),
      ...(isSoftware(clock, o.clocks) ? { software: true } : {}),
      layersMeasured: o.clocks[0].layersMeasured,
      ceilings,
      ...describeExternalClock(bench, o.clocks),
      ...(options.calibration === undefined || bench.cost === null
        ? {}
        : { calibration: describeCalibration(options.calibration, bench.cost) }),
    },
    ...describeClockCost(bench, o),
    restOfLayer: describeRestOfLayer(bench.rest),
    formulas: METRIC_FORMULAS,
    sides: bench.sides.map(({ name, layout, walk, recycle }, index) => ({
      name,
      layout,
      walk,
      recycle,
      // A wrong kernel has no timing: whatever was measured is dropped, on every side.
      runs: failures.length === 0 ? o.runs[index] : o.runs[index].map((run) => ({
        ...run,
        performance: null,
        samples: null,
        tokenGaps: null,
        timeline: null,
      })),
    })),
    verification: {
      method: clock.kind === "gpu" || clock.kind === "adapter" ? clock.kind : "oracle",
      checks,
      worstBudgetUsed: checks === 0 || !Number.isFinite(worst) ? null : worst,
      failures,
    },
    capacityPrediction: predictCapacity({
      heads: bench.heads,
      pageSizeTokens: workload.cache.pageSizeTokens,
      lengthsTokens: bench.requests.map(({ inputTokens, outputTokens }) =>
        inputTokens + outputTokens
      ),
    }),
    concurrencyPredictions: bench.sides.map((side) =>
      predictConcurrency({
        ...workload.cache,
        side,
        heads: bench.heads,
        scheduler: workload.scheduler,
        requests: bench.requests,
      })
    ),
    readGate: null,
    capacityGate: null,
  };
}

function listRequests(requests: readonly TraceRequest[]): RequestList {
  return {
    ids: requests.map(({ id }) => id),
    arrivalMs: requests.map(({ arrivalMs }) => arrivalMs),
    inputTokens: requests.map(({ inputTokens }) => inputTokens),
    outputTokens: requests.map(({ outputTokens }) => outputTokens),
  };
}
