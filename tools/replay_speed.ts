/**
 * Shows how fast a trace is replayed with the `model` clock, beside another version in the same run,
 * and that ten and a hundred times the trace cost as much a request and no more memory. Times are of
 * the processor, so that what other programs take is not in them:
 *
 * ```sh
 * git worktree add ../headwise-0.1 v0.1.0
 * HEADWISE_TRACES=FOLDER deno task bench:replay --baseline ../headwise-0.1
 * ```
 *
 * The folder holds `mooncake/conversation_trace.jsonl`.
 *
 * @module
 */

import { join, resolve } from "node:path";
import {
  importTrace,
  loadWorkload,
  requireLoaded,
  type TraceRequest,
  type Workload,
} from "../fixtures/mod.ts";
import { createModelClock, restOfLayer } from "../bench/clock/mod.ts";
import { measure, replay, type RequestSequence } from "../bench/replay/mod.ts";
import { SIDES } from "../bench/result/mod.ts";
import { createSideRanks } from "../bench/scheduler/mod.ts";
import { print } from "./print.ts";
import { cpuMs, runScript } from "./timing.ts";

/** What one replay took. */
export interface ReplayCost {
  /** Requests replayed. */
  readonly requests: number;
  /** Steps replayed. */
  readonly steps: number;
  /** Time of the processor that it took, metrics and compilation included, in milliseconds. */
  readonly cpuMs: number;
  /** Most resident memory seen, in bytes. */
  readonly residentBytes: number;
}

/** Replays requests on the head-wise side with the model clock. */
export async function timeReplay(
  workload: Workload,
  requests: RequestSequence,
): Promise<ReplayCost> {
  const { scheduler, ceilings } = workload;
  const side = SIDES.headwise;
  const rest = restOfLayer(workload, { ...ceilings!, source: "fixture" });
  let residentBytes = Deno.memoryUsage().rss;
  const look = (): void => void (residentBytes = Math.max(residentBytes, Deno.memoryUsage().rss));
  const startMs = cpuMs();
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
    cpuMs: cpuMs() - startMs,
    residentBytes,
  };
}

/** A trace that is laid behind itself, its gap between the last two arrivals kept; made as it is read. */
export function repeatTrace(requests: readonly TraceRequest[], times: number): RequestSequence {
  const last = requests[requests.length - 1].arrivalMs;
  const before = requests[Math.max(0, requests.length - 2)].arrivalMs;
  const periodMs = last + Math.max(1, last - before);
  return {
    length: times * requests.length,
    at(id): TraceRequest {
      const round = Math.floor(id / requests.length);
      const request = requests[id % requests.length];
      return { ...request, id, arrivalMs: request.arrivalMs + round * periodMs };
    },
  };
}

/** Most memory at any length, and most growth of the time of a request. */
const LIMITS = { residentBytes: 200 * 2 ** 20, growth: 1.5, speedup: 2 };
/** The fastest of these rounds counts: what other programs take is not the replay's. */
const ROUNDS = 3;

/** The module of a checkout that replays: this file, wherever that version has it. */
async function openReplay(
  folder: string,
): Promise<{ timeReplay: typeof timeReplay; repeatTrace: typeof repeatTrace }> {
  for (const path of ["tools/replay_speed.ts", "bench/replay_speed.ts"]) {
    const url = new URL(`file://${resolve(folder)}/${path}`);
    try {
      await Deno.stat(url);
    } catch {
      continue;
    }
    return await import(url.href);
  }
  throw new Error(`Cannot find a replay in '${folder}'; give the folder of a checkout`);
}

/** Replays the trace so many times over in this process, with the code of a checkout. */
async function replayOnce(o: { source: string; times: number; path: string }): Promise<ReplayCost> {
  const { timeReplay, repeatTrace } = await openReplay(o.source);
  const workload = requireLoaded(await loadWorkload("trace-replay"));
  const { requests } = importTrace(await Deno.readFile(o.path), { file: o.path });
  // Other versions time themselves in other ways.
  const replayAll = async (sequence: RequestSequence): Promise<ReplayCost> => {
    const startMs = cpuMs();
    const cost = await timeReplay(workload, sequence);
    return { ...cost, cpuMs: cpuMs() - startMs };
  };
  if (o.times > 1) return await replayAll(repeatTrace(requests, o.times));
  const costs: ReplayCost[] = [];
  for (let round = 0; round < ROUNDS; round++) costs.push(await replayAll(requests));
  return { ...costs[ROUNDS - 1], cpuMs: Math.min(...costs.map((cost) => cost.cpuMs)) };
}

/**
 * A replay's garbage dies young: V8's default, twice 16 MiB and what the heap grows by meanwhile, is
 * memory that it takes and does not need. So is what the old generation grows to before V8 looks at it.
 */
const HEAP_FLAGS = "--v8-flags=--max-semi-space-size=2,--max-old-space-size=64";

/** Each replay has a process of its own, so that its memory is its own. */
async function inProcess(o: { source: string; times: number }): Promise<ReplayCost> {
  const text = await runScript({
    url: import.meta.url,
    flags: [HEAP_FLAGS, "--allow-read", "--allow-env=HEADWISE_TRACES", "--ignore-env"],
    args: ["--one", o.source, String(o.times)],
    failure: `Cannot replay the trace ${o.times} times with '${o.source}'`,
  });
  return JSON.parse(text) as ReplayCost;
}

function describe(label: string, cost: ReplayCost): string {
  return `${label}: ${cost.requests} requests, ${cost.steps} steps, ` +
    `${(cost.cpuMs / 1000).toFixed(2)} s, ${Math.round(cost.residentBytes / 2 ** 20)} MiB`;
}

async function main(args: readonly string[]): Promise<number> {
  const folder = Deno.env.get("HEADWISE_TRACES");
  if (folder === undefined) {
    print("Cannot find traces; set HEADWISE_TRACES to the folder that holds 'mooncake'");
    return 2;
  }
  const path = join(folder, "mooncake", "conversation_trace.jsonl");
  const here = new URL("..", import.meta.url).pathname;
  if (args[0] === "--one") {
    print(JSON.stringify(await replayOnce({ source: args[1], times: Number(args[2]), path })));
    return 0;
  }
  const baseline = args[0] === "--baseline" ? args[1] : null;
  const once = await inProcess({ source: here, times: 1 });
  print(describe("once", once));
  let held = true;
  if (baseline !== null) {
    // Turn about, so that a busy machine is busy for both.
    const [before, again] = [
      await inProcess({ source: baseline, times: 1 }),
      await inProcess({ source: here, times: 1 }),
    ];
    const speedup = before.cpuMs / Math.min(once.cpuMs, again.cpuMs);
    print(describe("baseline", before));
    print(`${speedup.toFixed(2)} times as fast as the baseline`);
    held &&= speedup >= LIMITS.speedup;
  }
  for (const times of [10, 100]) {
    const cost = await inProcess({ source: here, times });
    const growth = cost.cpuMs / once.cpuMs / times;
    print(`${describe(`${times} times`, cost)}, time a request × ${growth.toFixed(2)}`);
    held &&= growth < LIMITS.growth && cost.residentBytes <= LIMITS.residentBytes;
  }
  print(held ? "The limits hold" : "A limit is broken: twice the baseline, 200 MiB, growth 1.5");
  return held ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
