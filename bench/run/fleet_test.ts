import assert from "node:assert/strict";
import type { RouterName, TraceRequest, Workload } from "../../fixtures/mod.ts";
import { BenchError, type BenchResult } from "../result/mod.ts";
import { runBench } from "./run_bench.ts";
import { requestsAt, tinyWorkload } from "./test_support.ts";

const CLOCK = { kind: "model", reason: null } as const;

function run(
  requests: readonly TraceRequest[],
  o: { replicas?: number; router?: RouterName; prefixCache?: boolean } = {},
): Promise<BenchResult> {
  const trace = { name: "t.csv", sha256: "", dropped: {}, requests, prefixBlockTokens: 16 };
  return runBench({ workload: tinyWorkload(), trace, clock: CLOCK, ...o });
}

Deno.test("runBench() gives replicas what each would do by itself, requests in their own places", async () => {
  const requests = requestsAt(0.02, 40);
  const [both, even, odd] = await Promise.all([
    run(requests, { replicas: 2, router: "round-robin" }),
    run(requests.filter((_, index) => index % 2 === 0)),
    run(requests.filter((_, index) => index % 2 === 1)),
  ]);
  assert.deepEqual(both.options.fleet, { replicas: 2, router: "round-robin" });
  both.sides.forEach(({ runs: [joined] }, side) => {
    const [left, right] = [even, odd].map((result) => result.sides[side].runs[0]);
    for (const key of ["ttftMs", "queueMs", "tpotMs", "endToEndMs", "preemptions"] as const) {
      // The second half's times count from the first request of all.
      assert.deepEqual(
        joined.samples![key].filter((_, index) => index % 2 === 0),
        left.samples![key],
      );
      assert.deepEqual(
        joined.samples![key].filter((_, index) => index % 2 === 1),
        right.samples![key],
      );
    }
    const [all, one, other] = [joined, left, right].map(({ performance }) => performance!);
    assert.equal(all.steps, one.steps + other.steps);
    assert.equal(all.whole.tbtMs!.count, one.whole.tbtMs!.count + other.whole.tbtMs!.count);
    assert.equal(all.peakPages.capacity, one.peakPages.capacity + other.peakPages.capacity);
    assert.equal(all.peakConcurrency, one.peakConcurrency + other.peakConcurrency);
    assert.equal(joined.timeline, null);
  });
});

Deno.test("runBench() replays the turns of sessions, on the replicas of their first ones", async () => {
  const rows = requestsAt(0.02, 20);
  const sessions = rows.map((request, id): TraceRequest =>
    id < 6 ? request : { ...request, after: { request: id - 6, delayMs: 0.5 } }
  ).map((request) => ({ ...request, arrivalMs: Math.min(request.arrivalMs, 0.1) }));
  for (const replicas of [1, 3]) {
    const { sides } = await run(sessions, { replicas });
    const { arrivalMs, endToEndMs } = sides[0].runs[0].samples!;
    sessions.forEach(({ after }, id) => {
      if (after === undefined) return assert.equal(arrivalMs![id], sessions[id].arrivalMs);
      const wanted = arrivalMs![after.request] + endToEndMs[after.request]! + after.delayMs;
      assert.ok(Math.abs(arrivalMs![id] - wanted) < 1e-5);
    });
  }
});

Deno.test("runBench() takes replicas and router from the workload unless it is told others", async () => {
  const workload = tinyWorkload({ fleet: { replicas: 3, router: "least-loaded" } });
  const requests = requestsAt(0.05, 6);
  const trace = { name: "t.csv", sha256: "", dropped: {}, requests };
  const fleet = async (o: { replicas?: number; router?: RouterName }) =>
    (await runBench({ workload, trace, clock: CLOCK, ...o })).options.fleet;
  assert.deepEqual(await fleet({}), { replicas: 3, router: "least-loaded" });
  assert.deepEqual(await fleet({ replicas: 2 }), { replicas: 2, router: "least-loaded" });
  assert.deepEqual(await fleet({ router: "round-robin" }), { replicas: 3, router: "round-robin" });
  assert.equal(await fleet({ replicas: 1 }), undefined);
});

Deno.test("runBench() with one replica is the engine by itself", async () => {
  const requests = requestsAt(0.05, 20);
  const [one, plain] = await Promise.all([run(requests, { replicas: 1 }), run(requests)]);
  assert.equal(one.options.fleet, undefined);
  assert.deepEqual(one.sides, plain.sides);
});

Deno.test("runBench() waits less behind a router that goes by load, and hits more by prefixes", async () => {
  // Long and short prompts in turn: in turns, one of two replicas gets all the long ones.
  const requests = requestsAt(0.01, 80).map((request, index) => ({
    ...request,
    inputTokens: index % 2 === 0 ? 200 : 16,
    prefixBlocks: [index % 5],
  }));
  const ttft = async (router: RouterName): Promise<number> =>
    (await run(requests, { replicas: 2, router })).sides[0].runs[0].performance!.whole.ttftMs!.mean;
  assert.ok(await ttft("least-loaded") < 0.9 * await ttft("round-robin"));
  const hits = async (router: RouterName): Promise<number> => {
    // Seven prompts in turn, three of four blocks of which are theirs.
    const shared = requestsAt(0.02, 84).map((request, index) => ({
      ...request,
      inputTokens: 64,
      outputTokens: 2,
      prefixBlocks: [0, 1, 2].map((block) => index % 7 * 10 + block),
    }));
    const result = await run(shared, { replicas: 3, router, prefixCache: true });
    return result.sides[0].runs[0].performance!.prefixCache!.hitTokens;
  };
  assert.ok(await hits("prefix-aware") > await hits("least-loaded"));
});

Deno.test("runBench() refuses to route a closed loop by load, and shares one out in turn", async () => {
  const workload: Workload = tinyWorkload({
    requests: {
      kind: "synthetic",
      count: 12,
      arrivals: { kind: "closed-loop", concurrency: 3 },
      inputTokens: { kind: "fixed", tokens: 20 },
      outputTokens: { kind: "fixed", tokens: 3 },
    },
  });
  await assert.rejects(
    runBench({ workload, clock: CLOCK, replicas: 2, router: "least-loaded" }),
    /Cannot route a closed loop of 3 requests to 2 replicas by 'least-loaded'/,
  );
  await assert.rejects(
    runBench({ workload, clock: CLOCK, replicas: 4 }),
    /Cannot route a closed loop of 3 requests to 4 replicas by 'round-robin'/,
  );
  const each = await runBench({ workload, clock: CLOCK, replicas: 3 });
  assert.equal(each.sides[0].runs[0].performance!.peakConcurrency, 3);
  const { sides } = await runBench({ workload, clock: CLOCK, replicas: 2 });
  assert.equal(sides[0].runs[0].performance!.peakConcurrency, 3);
});

Deno.test("runBench() refuses a router that has nothing to choose by", async () => {
  const requests = requestsAt(0.02, 6);
  const refused = async (o: Parameters<typeof run>[1], message: RegExp, rows = requests) =>
    await assert.rejects(
      run(rows, o),
      (error) =>
        error instanceof BenchError && error.code === "bench/option" && message.test(error.message),
    );
  await refused({ router: "least-loaded" }, /to a single replica: give at least 2 replicas/);
  await refused({ replicas: 1, router: "round-robin" }, /to a single replica/);
  const random = "random" as RouterName;
  await refused({ replicas: 2, router: random }, /the routers are round-robin, least-loaded, /);
  const byPrefix = { replicas: 2, router: "prefix-aware" } as const;
  await refused(byPrefix, /replicas keep no prefixes; switch the prefix cache on/);
  const blind = requests.map(({ prefixBlocks: _, ...request }) => request);
  await refused({ ...byPrefix, prefixCache: true }, /no request names the blocks/, blind);
  const empty = blind.map((request) => ({ ...request, prefixBlocks: [] }));
  await refused({ ...byPrefix, prefixCache: true }, /no request names the blocks/, empty);
});

Deno.test("runBench() names requests by their place among all when a fleet's are refused", async () => {
  const requests = requestsAt(1, 6);
  const refused = async (change: Partial<TraceRequest>, message: RegExp) => {
    const rows = requests.map((request, id) => id === 4 ? { ...request, ...change } : request);
    for (const replicas of [1, 2]) await assert.rejects(run(rows, { replicas }), message);
  };
  await refused(
    { arrivalMs: 2.5 },
    /request 4: it arrives at 2\.5 ms, before its predecessor at 3/,
  );
  await refused({ arrivalMs: NaN }, /request 4: it arrives at NaN ms; give a finite number/);
  await refused({ arrivalMs: Infinity }, /request 4: it arrives at Infinity ms/);
  for (const after of [{ request: 5, delayMs: 0 }, { request: 4, delayMs: 0 }]) {
    await refused({ after }, /request 4: it follows request [45] by 0 ms/);
  }
  for (const delayMs of [-1, NaN, Infinity]) {
    await refused({ after: { request: 2, delayMs } }, /request 4: it follows request 2 by /);
  }
  await refused({ after: { request: 0.5, delayMs: 1 } }, /follows request 0\.5/);
});

Deno.test("runBench() replays a fleet whose requests all come at once, or are fewer than the replicas", async () => {
  for (const router of ["round-robin", "least-loaded", "prefix-aware"] as const) {
    const { sides } = await run(requestsAt(0, 3), { replicas: 5, router, prefixCache: true });
    for (const { runs: [{ samples, performance, failedRequests }] } of sides) {
      assert.deepEqual(failedRequests, []);
      assert.equal(samples!.ttftMs.length, 3);
      assert.ok(samples!.ttftMs.every((ms) => ms !== null && ms > 0));
      assert.equal(performance!.whole.ttftMs!.count, 3);
    }
  }
});
