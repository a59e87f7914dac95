/**
 * Shows how fast a trace is replayed with the `model` clock, and that ten times the trace costs ten
 * times as much: `HEADWISE_TRACES=FOLDER deno task bench:replay`. The folder holds
 * `mooncake/conversation_trace.jsonl`.
 *
 * @module
 */

import { join } from "node:path";
import {
  importTrace,
  loadWorkload,
  requireLoaded,
  type TraceRequest,
  type Workload,
} from "../fixtures/mod.ts";
import { createModelClock, restOfLayer } from "../bench/clock/mod.ts";
import { measure, replay } from "../bench/replay/mod.ts";
import { SIDES } from "../bench/result/mod.ts";
import { createSideRanks } from "../bench/scheduler/mod.ts";

/** What one replay took. */
export interface ReplayCost {
  /** Requests replayed. */
  readonly requests: number;
  /** Steps replayed. */
  readonly steps: number;
  /** Time that it took, metrics included, in milliseconds. */
  readonly elapsedMs: number;
  /** Most resident memory seen, in bytes. */
  readonly residentBytes: number;
}

/** Replays requests on the head-wise side with the model clock. */
export async function timeReplay(
  workload: Workload,
  requests: readonly TraceRequest[],
): Promise<ReplayCost> {
  const { scheduler, ceilings } = workload;
  const side = SIDES.headwise;
  const rest = restOfLayer(workload, { ...ceilings!, source: "fixture" });
  let residentBytes = Deno.memoryUsage().rss;
  const look = (): void => void (residentBytes = Math.max(residentBytes, Deno.memoryUsage().rss));
  const start = performance.now();
  const ranks = createSideRanks(workload, side, {
    pageOrder: { kind: "shuffled", seed: workload.seed },
    prefixBlockTokens: null,
  });
  const { heads } = ranks.measured.options;
  const log = await replay({
    requests,
    scheduler,
    speculative: null,
    ranks,
    clock: createModelClock({ workload, heads, side, rest }),
    seed: workload.seed,
    onProgress: look,
  });
  const { performance: measured } = measure(log, ranks);
  look();
  return {
    requests: requests.length,
    steps: measured.steps,
    elapsedMs: performance.now() - start,
    residentBytes,
  };
}

/** Lays a trace behind itself, its gap between the last two arrivals kept. */
export function repeatTrace(requests: readonly TraceRequest[], times: number): TraceRequest[] {
  const last = requests[requests.length - 1].arrivalMs;
  const before = requests[Math.max(0, requests.length - 2)].arrivalMs;
  const periodMs = last + Math.max(1, last - before);
  return Array.from({ length: times * requests.length }, (_, id) => {
    const round = Math.floor(id / requests.length);
    const request = requests[id % requests.length];
    return { ...request, id, arrivalMs: request.arrivalMs + round * periodMs };
  });
}

/** Most time that the trace may take, and most memory. */
const LIMITS = { elapsedMs: 10_000, residentBytes: 512 * 2 ** 20, growth: 1.5 };
const TIMES = 10;
/** The fastest of these rounds counts: what other programs take is not the replay's. */
const ROUNDS = 3;

async function main(): Promise<number> {
  const write = (line: string): void => {
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  };
  const folder = Deno.env.get("HEADWISE_TRACES");
  if (folder === undefined) {
    write("Cannot find traces; set HEADWISE_TRACES to the folder that holds 'mooncake'");
    return 2;
  }
  const path = join(folder, "mooncake", "conversation_trace.jsonl");
  const workload = requireLoaded(await loadWorkload("trace-replay"));
  const importStart = performance.now();
  const { requests } = importTrace(await Deno.readFile(path), { file: path });
  const importMs = performance.now() - importStart;
  const costs = [];
  for (let round = 0; round < ROUNDS; round++) costs.push(await timeReplay(workload, requests));
  const once = costs.reduce((best, cost) => (cost.elapsedMs < best.elapsedMs ? cost : best));
  const tenfold = await timeReplay(workload, repeatTrace(requests, TIMES));
  const growth = tenfold.elapsedMs / once.elapsedMs / TIMES;
  for (const cost of [once, tenfold]) {
    write(
      `${cost.requests} requests, ${cost.steps} steps: ${(cost.elapsedMs / 1000).toFixed(2)} s, ` +
        `${Math.round(cost.residentBytes / 2 ** 20)} MiB resident`,
    );
  }
  write(`import: ${(importMs / 1000).toFixed(2)} s`);
  write(`time of ${TIMES} traces over ${TIMES} times the time of one: ${growth.toFixed(2)}`);
  const held = importMs + once.elapsedMs < LIMITS.elapsedMs &&
    once.residentBytes < LIMITS.residentBytes && growth < LIMITS.growth;
  write(held ? "The limits hold" : "A limit is broken: 10 s, 512 MiB, growth 1.5");
  return held ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
