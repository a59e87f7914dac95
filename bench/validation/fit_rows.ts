/** Results of serving benchmarks of one workload as rows of a fit. */

import { synthesizeRequests, type Workload } from "../../fixtures/mod.ts";
import { type CostModel, ENGINE_OVERHEADS, type EngineName } from "../card/mod.ts";
import type { ForeignRun, ForeignTool } from "../foreign/mod.ts";
import { BenchError } from "../result/mod.ts";
import type { FitRow } from "./fit.ts";
import { seedOf } from "./row_requests.ts";
import { meanOf, serveRequests } from "./serve_requests.ts";
import type { SimulatedRequest } from "./simulate.ts";

/** Engine whose overheads a benchmark's results are predicted with; FastDeploy's are vLLM's. */
const ENGINE_OF: Readonly<Record<ForeignTool, EngineName>> = {
  vllm: "vllm",
  sglang: "sglang",
  fastdeploy: "vllm",
};

/** By how much mean lengths of a result may differ from those of the workload. */
const LENGTH_MARGIN = 0.05;

/**
 * Makes a row of each result: the workload's requests, as many and sent as the result says, on the
 * workload's own limits and memory, with the card's costs under the factors that are tried.
 *
 * @throws {BenchError} When a result's lengths are not the workload's, or it has no figure.
 */
export function fitRowsOf(
  runs: readonly ForeignRun[],
  { workload, cost }: { readonly workload: Workload; readonly cost: CostModel },
): FitRow[] {
  const drawn = synthesizeRequests(workload);
  return runs.map((run): FitRow => {
    const requests = requestsOf(run, drawn);
    requireAlike(run, requests);
    const measured = [run.meanTtftMs, run.meanTpotMs, run.outputTokensPerSecond];
    if (measured.every((figure) => figure === null)) {
      throw refuse(run, "it has neither TTFT nor TPOT nor throughput");
    }
    const concurrency = numberOf(run.settings, ["max_concurrency", "max-concurrency"]);
    return {
      name: run.origin,
      residuals: (factors) => {
        const predicted = predict(requests, {
          workload,
          cost: { ...cost, factors },
          engine: ENGINE_OF[run.tool],
          concurrency,
        });
        return predicted.flatMap((value, index) => {
          const figure = measured[index];
          return figure === null || !(figure > 0) ? [] : [Math.log(value / figure)];
        });
      },
    };
  });
}

function predict(requests: readonly SimulatedRequest[], o: {
  readonly workload: Workload;
  readonly cost: CostModel;
  readonly engine: EngineName;
  readonly concurrency: number | null;
}): readonly [ttftMs: number, tpotMs: number, tokensPerSecond: number] {
  const { scheduler, cache } = o.workload;
  const page = cache.pageSizeTokens;
  const { ttftMs, tpotMs, outputTokensPerSecond } = serveRequests({
    requests,
    cost: o.cost,
    overhead: ENGINE_OVERHEADS[o.engine],
    limits: {
      rule: scheduler.profile === "sglang" ? "prompts-first" : "mixed",
      maxSequences: scheduler.maxSequences,
      maxBatchedTokens: scheduler.maxBatchedTokens,
      chunkedPrefill: scheduler.chunkedPrefill,
      reserveRatio: 0,
      maxPromptTokens: null,
    },
    capacityTokens: cache.pagesPerHead * page,
    heldTokens: (length) => Math.ceil(length / page) * page,
    concurrency: o.concurrency,
  });
  return [meanOf(ttftMs), tpotMs.length === 0 ? 0 : meanOf(tpotMs), outputTokensPerSecond];
}

/** As many requests as completed, sent at the result's rate, all at once, or by its closed loop. */
function requestsOf(
  run: ForeignRun,
  drawn: readonly { readonly inputTokens: number; readonly outputTokens: number }[],
): SimulatedRequest[] {
  const closed = numberOf(run.settings, ["max_concurrency", "max-concurrency"]) !== null;
  const rate = numberOf(run.settings, ["request_rate", "request-rate"]);
  let arrivalMs = 0;
  // A small generator of its own: arrivals depend on the result alone.
  let state = seedOf(run.origin) || 1;
  const nextFloat = (): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Array.from({ length: Math.max(1, run.completed) }, (_, index) => {
    const { inputTokens, outputTokens } = drawn[index % drawn.length];
    const request = { arrivalMs: closed ? null : arrivalMs, inputTokens, outputTokens };
    if (rate !== null && Number.isFinite(rate) && rate > 0) {
      arrivalMs += -Math.log(nextFloat()) * 1000 / rate;
    }
    return request;
  });
}

function numberOf(
  settings: Readonly<Record<string, string>>,
  names: readonly string[],
): number | null {
  for (const name of names) {
    const value = Number(settings[name]);
    if (settings[name] !== undefined && Number.isFinite(value) && value > 0) return value;
  }
  return null;
}

function requireAlike(run: ForeignRun, requests: readonly SimulatedRequest[]): void {
  for (
    const [key, total] of [
      ["inputTokens", run.inputTokens],
      ["outputTokens", run.outputTokens],
    ] as const
  ) {
    if (total === null || run.completed === 0) continue;
    const measured = total / run.completed;
    const own = requests.reduce((sum, request) => sum + request[key], 0) / requests.length;
    if (Math.abs(own / measured - 1) <= LENGTH_MARGIN) continue;
    const what = key === "inputTokens" ? "prompt" : "output";
    throw refuse(
      run,
      `its mean ${what} has ${measured.toFixed(1)} tokens, the workload's ${
        own.toFixed(1)
      }; give the ` +
        `fixture of the same lengths with --fixture`,
    );
  }
}

function refuse({ origin }: ForeignRun, why: string): BenchError {
  return new BenchError("bench/calibration", `Cannot fit to "${origin}": ${why}`);
}
