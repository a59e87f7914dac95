/**
 * Shows how the replay of a fleet scales over cores: the same requests with 1, 2, 4, … threads, turn
 * about in one run, with the bytes of every result compared. Wall time, for that is what threads are
 * for; the machine should have nothing else to do.
 *
 * ```sh
 * deno task bench:fleet --workers 1,2,4,8,16 --seconds 50 --out results/fleet-scaling.json
 * ```
 *
 * @module
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { type BenchOptions, runBench } from "../bench/run/mod.ts";
import { median } from "../bench/statistics/mod.ts";
import { loadWorkload, requireLoaded, type Workload } from "../fixtures/mod.ts";
import { print } from "./print.ts";
import { cpuMs as cpuNowMs, describeRatios } from "./timing.ts";

/** A fleet to replay, again and again. */
export interface FleetScalingOptions {
  /** The workload; its requests are shared out among the replicas. */
  readonly workload: Workload;
  /** Replicas behind a router that goes by load. */
  readonly replicas: number;
  /** Numbers of threads to compare; the first one is what the others are compared with. */
  readonly workers: readonly number[];
  /** Rounds of all of them at most, ≥ 1. */
  readonly rounds: number;
  /** No round begins that would not end within these seconds, but for the first. */
  readonly seconds: number;
}

/** What one number of threads took. */
export interface FleetTimes {
  /** Threads that replayed. */
  readonly workers: number;
  /** Wall time of each round, in milliseconds: from the options to the bytes of the result. */
  readonly wallMs: readonly number[];
  /** CPU time of each round, over all threads: what starting and warming them costs is in it. */
  readonly cpuMs: readonly number[];
}

/** What a comparison found. */
export interface FleetScaling {
  /** Cores that the runtime sees. */
  readonly cores: number;
  readonly replicas: number;
  readonly requests: number;
  /** Steps of all replicas and sides. */
  readonly steps: number;
  /** SHA-256 of the result, the same for every number of threads. */
  readonly sha256: string;
  readonly times: readonly FleetTimes[];
}

/** A fleet's engine and requests: those of fixture `trace-replay`, as many and as dense as asked. */
export async function fleetWorkload(
  o: { readonly replicas: number; readonly requests: number },
): Promise<Workload> {
  const workload = requireLoaded(await loadWorkload("trace-replay"));
  const { requests } = workload;
  if (requests.kind !== "synthetic" || requests.arrivals.kind !== "poisson") {
    throw new Error("Cannot make a fleet's requests: 'trace-replay' has no Poisson arrivals");
  }
  const ratePerSecond = requests.arrivals.ratePerSecond * o.replicas;
  return {
    ...workload,
    requests: { ...requests, count: o.requests, arrivals: { kind: "poisson", ratePerSecond } },
  };
}

/**
 * Replays the fleet with every number of threads in turn, the order turned round every other round.
 *
 * @throws {Error} When two results differ in a byte.
 */
export async function scaleFleet(o: FleetScalingOptions): Promise<FleetScaling> {
  const times = o.workers.map((workers) => ({
    workers,
    wallMs: [] as number[],
    cpuMs: [] as number[],
  }));
  const startMs = performance.now();
  let expected: { readonly sha256: string; readonly steps: number } | null = null;
  for (let round = 0; round < o.rounds; round++) {
    const spentMs = performance.now() - startMs;
    if (round > 0 && spentMs * (round + 1) / round > o.seconds * 1000) break;
    for (const { workers, wallMs, cpuMs } of round % 2 === 0 ? times : times.toReversed()) {
      const before = { wallMs: performance.now(), cpuMs: cpuNowMs() };
      const found = await replayFleet(o, workers);
      wallMs.push(performance.now() - before.wallMs);
      cpuMs.push(cpuNowMs() - before.cpuMs);
      expected ??= found;
      if (found.sha256 !== expected.sha256) {
        throw new Error(
          `Cannot compare times: ${workers} threads gave the bytes ${found.sha256}, and ` +
            `${o.workers[0]} gave ${expected.sha256}`,
        );
      }
    }
  }
  return {
    cores: navigator.hardwareConcurrency,
    replicas: o.replicas,
    requests: o.workload.requests.kind === "synthetic" ? o.workload.requests.count : 0,
    ...expected!,
    times,
  };
}

async function replayFleet(
  { workload, replicas }: FleetScalingOptions,
  workers: number,
): Promise<{ sha256: string; steps: number }> {
  const result = await runBench({
    workload,
    clock: { kind: "model", reason: null },
    environment: { runtime: "the same" } as unknown as NonNullable<BenchOptions["environment"]>,
    replicas,
    router: "least-loaded",
    workers,
  });
  const bytes = JSON.stringify({ ...result, createdAt: "" });
  const steps = result.sides.flatMap(({ runs }) => runs)
    .reduce((sum, { performance }) => sum + (performance?.steps ?? 0), 0);
  return { sha256: createHash("sha256").update(bytes).digest("hex"), steps };
}

/**
 * Says how much faster each number of threads was than the first, by pairs of one round.
 *
 * @returns Lines of a table: the ratio of wall times (median, least, most), that over the number of
 *   threads, and the ratio of CPU times.
 */
export function describeScaling({ times }: FleetScaling): string[] {
  const [first] = times;
  const lines = ["threads   times as fast    least … most   of all those cores   CPU time ×"];
  for (const { workers, wallMs, cpuMs } of times) {
    const ratios = wallMs.map((ms, round) => first.wallMs[round] / ms);
    const cost = median(cpuMs.map((ms, round) => ms / first.cpuMs[round]));
    const share = median(ratios) / (workers / first.workers);
    lines.push(
      `${String(workers).padStart(7)}  ${describeRatios(ratios)}  ` +
        `${(share * 100).toFixed(0).padStart(17)} %  ${cost.toFixed(2).padStart(11)}`,
    );
  }
  return lines;
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workers: { type: "string", default: "1,2,4,8,16" },
      replicas: { type: "string", default: "64" },
      requests: { type: "string", default: "12800" },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "50" },
      out: { type: "string" },
    },
  });
  const [replicas, requests] = [Number(values.replicas), Number(values.requests)];
  const scaling = await scaleFleet({
    workload: await fleetWorkload({ replicas, requests }),
    replicas,
    workers: values.workers.split(",").map(Number),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
  });
  if (values.out !== undefined) {
    await Deno.writeTextFile(values.out, JSON.stringify(scaling, null, 2) + "\n");
  }
  const lines = [
    `${scaling.requests} requests, ${replicas} replicas, ${scaling.steps} steps on all sides, ` +
    `${scaling.cores} cores seen, ${scaling.times[0].wallMs.length} rounds; one result: ` +
    scaling.sha256.slice(0, 16),
    ...describeScaling(scaling),
  ];
  print(lines.join("\n"));
}

if (import.meta.main) await main(Deno.args);
