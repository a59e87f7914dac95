import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import { GpuError } from "../../kernel/mod.ts";
import type { BenchOptions, BenchProgress } from "./options.ts";
import { describeEnvironment } from "../result/environment.ts";
import { gateRead } from "../gate/read.ts";
import type { GateReport } from "../result/mod.ts";
import type { StepRunner } from "../../kernel/mod.ts";
import { serializeResult } from "../result/file.ts";
import type { BenchResult } from "../result/mod.ts";
import { runBench } from "./run_bench.ts";
import { type Side, type SideName, sidesOfGates } from "../result/sides.ts";
import { requestsOf, tinyHeads, tinyScheduler, tinyWorkload } from "./test_support.ts";

const TRACE = {
  name: "tiny.csv",
  sha256: "f".repeat(64),
  dropped: { "no tokens": 2 },
  requests: requestsOf([[0, 100, 4], [0, 90, 5], [1, 120, 3], [30, 40, 6]]),
};

function options(changes: Partial<BenchOptions> = {}): BenchOptions {
  return {
    workload: tinyWorkload(),
    trace: TRACE,
    clock: { kind: "model", reason: "no adapter answered" },
    ...changes,
  };
}

/** Bytes of a result, its time stamp aside. */
function bytesOf(result: BenchResult): string {
  return serializeResult({ ...result, createdAt: "" });
}

interface FakeGpu {
  readonly opened: SideName[];
  readonly enqueued: SideName[];
  readonly verified: SideName[];
  closed: number;
  readonly openRunner: (side: Side) => Promise<StepRunner>;
}

/** A GPU on which the uniform side takes 2 ms a layer and the others 1 ms. */
function fakeGpu(o: { wrong?: SideName; noise?: number } = {}): FakeGpu {
  const fake: FakeGpu = {
    opened: [],
    enqueued: [],
    verified: [],
    closed: 0,
    openRunner: (side) => {
      fake.opened.push(side.name);
      let pending = 0;
      let noise = o.noise ?? 0;
      return Promise.resolve({
        layersMeasured: 1,
        maxPendingBatches: 16,
        enqueue: () => {
          if (fake.enqueued.at(-1) !== side.name) fake.enqueued.push(side.name);
          pending++;
        },
        flush: () => {
          const times = Float64Array.from({ length: pending }, () => {
            noise = (noise + 7) % 11;
            return (side.name === "uniform" ? 2 : 1) * (1 + noise / 5000);
          });
          pending = 0;
          return Promise.resolve(times);
        },
        verify: () => {
          fake.verified.push(side.name);
          const ok = side.name !== o.wrong;
          return Promise.resolve({
            ok,
            worstBudgetUsed: ok ? 0.25 : Infinity,
            message: ok ? "" : "row 3 is off",
          });
        },
        destroy: () => fake.closed++,
      });
    },
  };
  return fake;
}

function gpuOptions(gpu: FakeGpu, changes: Partial<BenchOptions> = {}): BenchOptions {
  const clock = { kind: "gpu", adapter: "fake", openRunner: gpu.openRunner } as const;
  // Ceilings of the card that the steps are timed on.
  const ceilings = { memoryBytesPerSecond: 1e9, flopsPerSecond: 1e12, note: "of tests" };
  return options({ clock, ceilings, pairs: 4, warmupSteps: 2, ...changes });
}

Deno.test("runBench() gives the same bytes when the seed is the same", async () => {
  const gates = ["gate/read", "gate/capacity"] as const;
  const [first, second] = [await runBench(options({ gates })), await runBench(options({ gates }))];
  assert.equal(bytesOf(first), bytesOf(second));
  const other = await runBench(options({ gates, seed: 6 }));
  assert.notEqual(bytesOf(first), bytesOf(other));
});

Deno.test("runBench() records what a reader needs to repeat it", async () => {
  const result = await runBench(options());
  assert.deepEqual(result.sides.map(({ name }) => name), [
    "uniform",
    "uniform-clipped",
    "headwise",
  ]);
  assert.deepEqual(result.requests, {
    count: 4,
    trace: "tiny.csv",
    sha256: TRACE.sha256,
    dropped: { "no tokens": 2 },
  });
  assert.equal(result.clock.reason, "no adapter answered");
  assert.equal(result.clock.ceilings.source, "fixture");
  assert.equal(result.options.seed, 5);
  assert.deepEqual(result.environment, describeEnvironment({ adapter: null }));
  assert.equal(result.sides[0].runs[0].samples?.ttftMs.length, 4);
  assert.notEqual(result.readGate, null);
  assert.equal(result.capacityGate, null);
});

Deno.test("runBench() checks every side and keeps the worst share of the budget", async () => {
  const { verification } = await runBench(options({ maxChecks: 3 }));
  assert.equal(verification.method, "oracle");
  assert.equal(verification.checks, 9);
  assert.ok(verification.worstBudgetUsed! < 1);
});

Deno.test("runBench() interleaves the sides and passes with a clock that measures a gain", async () => {
  const gpu = fakeGpu();
  const result = await runBench(gpuOptions(gpu));
  const [u, c, h]: SideName[] = ["uniform", "uniform-clipped", "headwise"];
  // Warm-up, then forwards and backwards in turn; the turning points are the same side twice.
  assert.deepEqual(gpu.enqueued, [u, c, h, u, c, h, c, u, c, h, c, u]);
  assert.deepEqual(result.sides[0].runs.map(({ order }) => order), [0, 5, 6, 11]);
  assert.equal(result.readGate?.verdict, "PASS");
  assert.equal(result.readGate?.comparisons[0].interval?.degenerate, false);
  assert.equal(result.clock.deterministic, false);
  assert.equal(result.clock.layersMeasured, 1);
  assert.equal(result.environment.adapter, "fake");
  assert.equal(gpu.closed, 3);
});

Deno.test("runBench() hands out the pairs so far after every pair but the last", async () => {
  const seen: number[] = [];
  const onPair = (soFar: BenchResult): Promise<void> => {
    seen.push(...soFar.sides.map(({ runs }) => runs.length));
    assert.ok(soFar.readGate);
    return Promise.resolve();
  };
  await runBench(gpuOptions(fakeGpu(), { pairs: 3, onPair }));
  assert.deepEqual(seen, [1, 1, 1, 2, 2, 2]);
});

Deno.test("runBench() resumes the complete pairs of a run that was stopped", async () => {
  let stopped: BenchResult | undefined;
  const stop = new AbortController();
  const onPair = (soFar: BenchResult): Promise<void> => {
    stopped = soFar;
    if (soFar.sides[0].runs.length === 2) stop.abort();
    return Promise.resolve();
  };
  const long = { pairs: 4, onPair };
  await assert.rejects(runBench(gpuOptions(fakeGpu(), { ...long, signal: stop.signal })), {
    code: "bench/aborted",
  });
  // As it comes back from its file.
  const resume: BenchResult = JSON.parse(serializeResult(stopped!));
  // Other noise: runs that repeat each other are no two measurements.
  const gpu = fakeGpu({ noise: 5 });
  const result = await runBench(gpuOptions(gpu, { ...long, resume }));
  for (const [side, { runs }] of result.sides.entries()) {
    assert.deepEqual(runs.map(({ pair }) => pair), [0, 1, 2, 3]);
    assert.deepEqual(JSON.parse(JSON.stringify(runs.slice(0, 2))), resume.sides[side].runs);
  }
  // The kernel is checked again: it may be another build.
  assert.equal(result.verification.checks, 2 * resume.verification.checks);
  assert.equal(result.readGate?.verdict, "PASS");
});

Deno.test("runBench() refuses to resume another run, and says how it differs", async () => {
  const resume = await runBench(options({ seed: 1 }));
  const refuses = (changes: Partial<BenchOptions>, message: RegExp) =>
    assert.rejects(runBench(options({ seed: 1, resume, ...changes })), {
      code: "bench/resume",
      message,
    });
  await refuses({ seed: 2 }, /the options differ \(seed 1, now 2\)/);
  await refuses({ trace: { ...TRACE, sha256: "e" } }, /the requests differ \(sha256/);
  await refuses({ gates: ["gate/capacity"] }, /the options differ \(gates/);
  const clock = { kind: "gpu", adapter: "fake", openRunner: fakeGpu().openRunner } as const;
  await refuses({ clock }, /the machine differs \(adapter null, now "fake"\)/);
  const wrong = { ...resume.verification, failures: ["side 'headwise'"] };
  await refuses({ resume: { ...resume, verification: wrong } }, /its kernel was wrong/);
});

Deno.test("runBench() times nothing when an output is wrong", async () => {
  const gpu = fakeGpu({ wrong: "headwise" });
  const result = await runBench(gpuOptions(gpu));
  for (const { runs } of result.sides) {
    for (const { performance, samples } of runs) {
      assert.equal(performance, null);
      assert.equal(samples, null);
    }
  }
  assert.equal(result.readGate?.verdict, "FAIL");
  assert.match(result.readGate!.reasons[0], /wrong kernel has no timing: side 'headwise'/);
  assert.equal(result.verification.worstBudgetUsed, null);
  assert.equal(gpu.closed, 3);
});

Deno.test("runBench() times nothing and gives everything back when the device is lost", async () => {
  const gpu = fakeGpu();
  const lost = new GpuError("device-lost", "The GPU reported a fault: Device lost");
  const openRunner = async (side: Side): Promise<StepRunner> => ({
    ...await gpu.openRunner(side),
    flush: () => Promise.reject(lost),
  });
  const stored: BenchResult[] = [];
  const clock = { kind: "gpu", adapter: "fake", openRunner } as const;
  const onPair = (soFar: BenchResult): Promise<void> => Promise.resolve(void stored.push(soFar));
  await assert.rejects(runBench(options({ clock, pairs: 3, onPair })), { code: "device-lost" });
  assert.deepEqual(stored, []);
  assert.equal(gpu.closed, 3);
});

Deno.test("runBench() gives back what it opened when a runner cannot be opened", async () => {
  const gpu = fakeGpu();
  const openRunner = (side: Side): Promise<StepRunner> =>
    side.name === "headwise" ? Promise.reject(new Error("out of memory")) : gpu.openRunner(side);
  const clock = { kind: "gpu", adapter: "fake", openRunner } as const;
  await assert.rejects(runBench(options({ clock })), /out of memory/);
  assert.equal(gpu.closed, 2);
});

Deno.test("runBench() fails the gate when a request cannot be served", async () => {
  const requests = [...TRACE.requests, { id: 4, arrivalMs: 31, inputTokens: 300, outputTokens: 1 }];
  const result = await runBench(options({ trace: { ...TRACE, requests } }));
  assert.equal(result.sides[0].runs[0].failedRequests[0].request, 4);
  assert.equal(result.readGate?.verdict, "FAIL");
});

Deno.test("runBench() drives every rank and times the one with the most full heads", async () => {
  const { model } = tinyWorkload();
  const workload = tinyWorkload({
    tensorParallel: 2,
    headMap: tinyHeads({ ratio: 0.5 }),
    model,
  });
  const result = await runBench(options({ workload, gates: ["gate/read", "gate/capacity"] }));
  assert.equal(result.workload.measuredRank, 1);
  // That rank has no window head, so neither clipping nor a second dimension can help it.
  const means = result.sides.map(({ runs }) => runs[0].performance?.attentionMs);
  assert.ok(Math.abs(means[1]! / means[0]! - 1) < 1e-9);
  assert.equal(result.readGate?.verdict, "FAIL");
  assert.equal(result.capacityPrediction.windowHeads, 0);
});

Deno.test("runBench() tells how far it has come", async () => {
  const seen: BenchProgress[] = [];
  await runBench(options({ onProgress: (progress) => seen.push(progress), pairs: 2 }));
  assert.deepEqual(seen.at(0)?.side, "uniform");
  assert.deepEqual(seen.at(-1)?.phase, "gate");
  assert.equal(seen.at(-1)?.replaysDone, 6);
  assert.equal(seen.at(-1)?.replays, 6);
});

Deno.test("runBench() stops as soon as it is decided when it may", async () => {
  const gpu = fakeGpu();
  const result = await runBench(gpuOptions(gpu, { pairs: 4, untilDecided: true, maxPairs: 12 }));
  assert.equal(result.readGate?.verdict, "PASS");
  assert.equal(result.readGate?.pairs, 4);
  assert.deepEqual(result.options.sequential, { firstPairs: 4, maxPairs: 12 });
  assert.match(result.readGate!.reasons[0], /at 95 % over all looks/);
  // The same interval is wider than it would be had the number of pairs been fixed.
  const fixed = gateRead({ ...result, options: { ...result.options, sequential: null } });
  const width = (report: GateReport): number =>
    report.comparisons[0].interval!.upper - report.comparisons[0].interval!.lower;
  assert.ok(width(result.readGate!) > 1.1 * width(fixed));
});

Deno.test("runBench() continues to the most pairs when nothing is decided", async () => {
  const gpu = fakeGpu();
  // The noise is far larger than any gain, so that no look can decide.
  const random = createRandom(8);
  const openRunner = async (side: Side): Promise<StepRunner> => {
    const runner = await gpu.openRunner(side);
    return {
      ...runner,
      flush: async () => {
        const times = await runner.flush();
        const level = Math.exp(2 * random.nextNormal());
        return times.map(() => level);
      },
    };
  };
  const clock = { kind: "gpu", adapter: "fake", openRunner } as const;
  const result = await runBench(
    gpuOptions(gpu, { clock, pairs: 2, untilDecided: true, maxPairs: 6 }),
  );
  assert.equal(result.readGate?.verdict, "INCONCLUSIVE");
  assert.equal(result.readGate?.pairs, 6);
  assert.equal(result.sides[0].runs.length, 6);
});

Deno.test("runBench() takes one pair when the clock repeats itself and it may stop", async () => {
  const result = await runBench(options({ untilDecided: true, pairs: 4 }));
  assert.equal(result.sides[0].runs.length, 1);
  assert.notEqual(result.readGate?.verdict, "INCONCLUSIVE");
});

Deno.test("runBench() refuses options that make no run", async () => {
  const cases: [Partial<BenchOptions>, RegExp][] = [
    [{ pairs: 0 }, /pairs '0'/],
    [{ maxChecks: 0 }, /maxChecks '0'/],
    [{ untilDecided: true, pairs: 4, maxPairs: 3 }, /maxPairs '3': give an integer of at least 4/],
    [{ gates: [] }, /gates '0'/],
    [{ trace: { ...TRACE, requests: [] } }, /requests '0'/],
    [
      {
        workload: tinyWorkload({
          scheduler: tinyScheduler({ maxBatchedTokens: 4 }),
          speculative: { draftTokens: 4, acceptRate: 0.5 },
        }),
      },
      /maxBatchedTokens '4': give an integer of at least 5/,
    ],
  ];
  for (const [changes, message] of cases) {
    await assert.rejects(runBench(options(changes)), message);
  }
});

Deno.test("runBench() says which ceilings it takes where none are stated and none were measured", async () => {
  const { clock } = await runBench(options({ workload: tinyWorkload({ ceilings: null }) }));
  assert.equal(clock.ceilings.source, "default");
  assert.match(clock.ceilings.note, /Data sheet of one H100 SXM.*no GPU was measured/);
});

Deno.test("runBench() gives no verdict on times of a device that runs on the CPU", async () => {
  const clock = {
    kind: "gpu",
    adapter: "fake",
    isSoftware: true,
    openRunner: fakeGpu().openRunner,
  } as const;
  const { readGate } = await runBench(options({ clock, pairs: 2 }));
  assert.equal(readGate?.verdict, "INCONCLUSIVE");
  assert.match(readGate.reasons[0], /runs on the CPU/);
});

Deno.test("sidesOfGates() lists each side once", () => {
  const names = sidesOfGates(["gate/capacity", "gate/read"]).map(({ name }) => name);
  assert.equal(new Set(names).size, 6);
  assert.deepEqual(names.slice(0, 3), ["uniform", "uniform-clipped", "headwise"]);
});

Deno.test("runBench() records the steps of the first pair and the gaps of every pair", async () => {
  const { sides, requestList } = await runBench(options({ pairs: 2, commandLine: "headwise x" }));
  assert.deepEqual(requestList?.inputTokens, TRACE.requests.map((each) => each.inputTokens));
  for (const { runs } of sides) {
    const [first, second] = runs;
    assert.equal(first.timeline?.steps, first.performance?.steps);
    assert.ok(first.timeline!.pageHistory!.steps.length > 0);
    assert.equal(second.timeline, null);
    for (const { tokenGaps, performance } of runs) {
      const tokens = tokenGaps!.tokens.reduce((sum, count) => sum + count);
      assert.equal(tokens, performance!.whole.tbtMs!.count);
    }
  }
});

Deno.test("runBench() records nothing beside the figures when it is told so", async () => {
  const { sides, requestList, commandLine } = await runBench(options({ timelineEntries: 0 }));
  assert.deepEqual([requestList, commandLine], [null, null]);
  for (const { runs: [{ timeline, tokenGaps, samples }] } of sides) {
    assert.deepEqual([timeline, tokenGaps], [null, null]);
    assert.ok(samples !== null);
  }
});
