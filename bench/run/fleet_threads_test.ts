import assert from "node:assert/strict";
import { ROUTERS, type TraceRequest, type Workload } from "../../fixtures/mod.ts";
import { parseTimeTable } from "../clock/mod.ts";
import { BenchError, type BenchResult } from "../result/mod.ts";
import { readCalibration } from "./calibration.ts";
import { createFleetThreads } from "./fleet_threads.ts";
import { type FleetOrder, packError, unpackError } from "./fleet_words.ts";
import type { BenchOptions } from "./options.ts";
import { runBench } from "./run_bench.ts";
import { requestsAt, tinyWorkload } from "./test_support.ts";

const MODEL = { kind: "model", reason: null } as const;
const ENVIRONMENT = { runtime: "a test" } as unknown as BenchOptions["environment"];

function traceOf(requests: readonly TraceRequest[]): NonNullable<BenchOptions["trace"]> {
  return { name: "t.csv", sha256: "", dropped: {}, requests, prefixBlockTokens: 16 };
}

/** The bytes of a result, its date and its times of this machine left out. */
async function bytesOf(options: BenchOptions): Promise<string> {
  const result: BenchResult = await runBench({
    environment: ENVIRONMENT!,
    gates: ["gate/read", "gate/capacity"],
    ...options,
  });
  return JSON.stringify({ ...result, createdAt: "" });
}

async function assertSameBytes(options: BenchOptions): Promise<void> {
  const one = await bytesOf({ ...options, workers: 1 });
  assert.equal(await bytesOf({ ...options, workers: 3 }), one);
}

Deno.test("runBench() gives the same bytes on one core and on several when a fleet is routed", async (t) => {
  const workload = tinyWorkload();
  for (const router of ROUTERS) {
    await t.step(router, async () => {
      const trace = traceOf(requestsAt(0.02, 40));
      const fleet = { replicas: 5, router, prefixCache: true };
      await assertSameBytes({ workload, trace, clock: MODEL, ...fleet });
    });
  }
});

Deno.test("runBench() gives the same bytes on one core and on several when requests follow others", async () => {
  const rows = requestsAt(0.02, 20).map((request, id): TraceRequest => ({
    ...request,
    arrivalMs: 0,
    ...(id < 6 ? {} : { after: { request: id - 6, delayMs: 0.5 } }),
  }));
  const trace = traceOf(rows);
  await assertSameBytes({ workload: tinyWorkload(), trace, clock: MODEL, replicas: 3, pairs: 2 });
  const closed: Workload = tinyWorkload({
    requests: {
      kind: "synthetic",
      count: 12,
      arrivals: { kind: "closed-loop", concurrency: 3 },
      inputTokens: { kind: "fixed", tokens: 20 },
      outputTokens: { kind: "fixed", tokens: 3 },
    },
  });
  await assertSameBytes({ workload: closed, clock: MODEL, replicas: 2 });
});

Deno.test("runBench() gives the same bytes on one core and on several when a card or a table has the times", async () => {
  const trace = traceOf(requestsAt(0.02, 12));
  const fleet = { workload: tinyWorkload(), trace, replicas: 3 };
  const calibration = readCalibration({ card: "NVIDIA H100 80GB HBM3", fit: null });
  await assertSameBytes({ ...fleet, clock: MODEL, calibration });
  const tokens = [1, 2, 16, 160];
  const sizes = [1, 8].flatMap((sequences) =>
    tokens.flatMap((query) =>
      tokens.filter((context) => context >= query).map((context) => [sequences, query, context])
    )
  );
  const rows = ["row", "headwise", "clipped"].flatMap((form) =>
    sizes.flatMap(([sequences, query, context]) =>
      [0, 32].map((window) =>
        [form, sequences, query, context, window, 5 + sequences * (query + context) / 100].join()
      )
    )
  );
  const header = "form,sequences,query_tokens,context_tokens,window_tokens,microseconds";
  const table = parseTimeTable([header, ...rows].join("\n"), { file: "times.csv" });
  await assertSameBytes({ ...fleet, clock: { kind: "table", table } });
});

Deno.test("runBench() gives the same bytes when there are more replicas than requests", async () => {
  const trace = traceOf(requestsAt(0, 3));
  await assertSameBytes({ workload: tinyWorkload(), trace, clock: MODEL, replicas: 8 });
});

Deno.test("runBench() throws what it throws on one core when a replica cannot be replayed", async () => {
  // The third replica's requests are out of order, the fifth's too: the third is told.
  const requests = requestsAt(1, 20).map((request, index) =>
    index === 12 || index === 14 ? { ...request, arrivalMs: -1 - index } : request
  );
  const failure = async (workers: number): Promise<Error> => {
    const fleet = { replicas: 5, router: "round-robin", workers } as const;
    const run = runBench({
      workload: tinyWorkload(),
      trace: traceOf(requests),
      clock: MODEL,
      ...fleet,
    });
    return await run.then(() => assert.fail("it is replayed"), (error) => error);
  };
  const [one, several] = [await failure(1), await failure(4)];
  assert.deepEqual([several.name, several.message], [one.name, one.message]);
  assert.equal(Reflect.get(several, "code"), Reflect.get(one, "code"));
});

Deno.test("runBench() ends its threads when it is stopped", async () => {
  const trace = traceOf(requestsAt(0.001, 40_000));
  const interrupt = new AbortController();
  const run = runBench({
    workload: tinyWorkload(),
    trace,
    clock: MODEL,
    replicas: 2,
    workers: 2,
    signal: interrupt.signal,
    onProgress: ({ steps }) => steps > 0 && interrupt.abort(),
  });
  await assert.rejects(
    run,
    (error) => error instanceof BenchError && error.code === "bench/aborted",
  );
});

Deno.test("createFleetThreads() starts nothing when it is stopped before", async () => {
  const threads = createFleetThreads({ workers: 2, signal: AbortSignal.abort() });
  await assert.rejects(
    threads.replay([{} as FleetOrder], () => {}),
    (error) => error instanceof BenchError && error.code === "bench/aborted",
  );
});

Deno.test("unpackError() gives name, code, place and stack of the error that packError() took", () => {
  const thrown = Object.assign(new BenchError("bench/ranks-disagree", "Cannot go on"), {
    step: 7,
    explain: () => "no thread can be sent this",
  });
  const error = unpackError(structuredClone(packError(thrown)));
  assert.deepEqual({ ...error, name: error.name, message: error.message, stack: error.stack }, {
    code: "bench/ranks-disagree",
    step: 7,
    name: "BenchError",
    message: "Cannot go on",
    stack: thrown.stack,
  });
  assert.equal(unpackError(packError("plain")).message, "plain");
});
