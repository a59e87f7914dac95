import assert from "node:assert/strict";
import { closeGpu, type Gpu, openGpu } from "../../kernel/mod.ts";
import { runKernelBench } from "./run_cases.ts";
import { builtinKernelCases } from "./case_file.ts";
import type { KernelCase } from "./case.ts";
import { measureKernelCase } from "./measure.ts";
import type { PeersReport } from "./result_schema.ts";
import { parseKernelResult } from "./result_schema.ts";
import { selectKernelCases } from "./select.ts";
import { builtinCase } from "./test_support.ts";

const probe = await openGpu();
const canTime = probe.kind === "gpu" && probe.gpu.hasTimestamps;
const missing = probe.kind === "gpu" ? "" : ` [SKIPPED: ${probe.reason}; ${probe.fix}]`;

Deno.test({
  name: `runKernelBench() times every case between two measurements of the ceilings${missing}`,
  ignore: !canTime,
  fn: async () => {
    assert.ok(probe.kind === "gpu");
    const names: string[] = [];
    const kept: number[] = [];
    const paired: number[] = [];
    const results: PeersReport["results"][number][] = [];
    const result = await runKernelBench(probe.gpu, {
      cases: selectKernelCases(builtinKernelCases(), { set: "smoke", glob: "*" }),
      runs: 3,
      checks: 1,
      onCase: ({ name }) => names.push(name),
      onMeasured: (soFar) => {
        // What a kill would leave: a whole result of the cases so far.
        parseKernelResult(JSON.stringify(soFar), { file: "a.json" });
        assert.deepEqual(soFar.cases.map((each) => each.case.name), names);
        kept.push(soFar.cases.length);
        paired.push(soFar.peers?.results.length ?? 0);
        return Promise.resolve();
      },
      timePeers: ({ name }) => {
        results.push({
          peer: "triton",
          case: name,
          outcome: { kind: "skipped", reason: "a test" },
        });
        return Promise.resolve({ peers: [], results: [...results] });
      },
    });
    assert.deepEqual(names, result.cases.map((each) => each.case.name));
    // Each case is kept without its peers and then with them.
    assert.deepEqual(kept, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
    assert.deepEqual(paired, [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]);
    const { before, after, memoryBytesPerSecond } = result.ceilings;
    const rates = [before.memoryBytesPerSecond, after.memoryBytesPerSecond];
    assert.equal(memoryBytesPerSecond, Math.max(...rates));
    for (const { outcome, work } of result.cases) {
      assert.ok(outcome.kind === "timed", JSON.stringify(outcome));
      assert.equal(outcome.samplesMs.length, 3);
      assert.ok(outcome.worstBudgetUsed > 0 && outcome.worstBudgetUsed <= 1);
      assert.ok(outcome.dispatches >= 1 && outcome.figures.emptyChainMs > 0);
      assert.ok(outcome.keysRead * 64 * 4 >= work.keyValueBytes);
    }
    assert.deepEqual(result.peers, { peers: [], results });
    assert.deepEqual(parseKernelResult(JSON.stringify(result), { file: "a.json" }), result);
  },
});

Deno.test({
  name: `runKernelBench() goes on with a run that was stopped, and only with that${missing}`,
  ignore: !canTime,
  fn: async () => {
    assert.ok(probe.kind === "gpu");
    const { gpu } = probe;
    const cases = selectKernelCases(builtinKernelCases(), { set: "smoke", glob: "*" }).slice(0, 3)
      .map((each): KernelCase => ({ ...each, peers: ["triton"] }));
    const o = { cases, runs: 2, checks: 1 };
    const stop = new AbortController();
    let measured = 0;
    const stopped = await runKernelBench(gpu, {
      ...o,
      onMeasured: () => {
        if (++measured === 2) stop.abort();
        return Promise.resolve();
      },
      signal: stop.signal,
    });
    assert.equal(stopped.cases.length, 2);
    // As it comes back from its file, with a case that could not be run.
    const [first, second] = parseKernelResult(JSON.stringify(stopped), { file: "a.json" }).cases;
    const failed = {
      ...second,
      outcome: { kind: "failed", reason: "the device was lost" },
    } as const;
    const timedPeer = (name: string): PeersReport["results"][number] => ({
      peer: "triton",
      case: name,
      outcome: { kind: "timed", samplesMs: [1], medianMs: 1, note: "" },
    });
    const peers = { peers: [], results: [timedPeer(first.case.name)] };
    const resume = { ...stopped, cases: [first, failed], peers };
    const asked: [string, readonly string[]][] = [];
    const timePeers = ({ name, peers }: KernelCase) => {
      asked.push([name, peers]);
      return Promise.resolve({ peers: [], results: [timedPeer(second.case.name)] });
    };
    const result = await runKernelBench(gpu, { ...o, resume, timePeers });
    // The peer that was timed beside the first case is not asked again, and its time is kept.
    assert.deepEqual(asked.slice(0, 2), [[first.case.name, []], [second.case.name, ["triton"]]]);
    assert.deepEqual(result.peers?.results.map((each) => each.case), [
      first.case.name,
      second.case.name,
    ]);
    assert.deepEqual(result.cases.map((each) => each.case.name), cases.map(({ name }) => name));
    const [kept, again] = result.cases.map(({ outcome }) => outcome);
    assert.ok(kept.kind === "timed" && first.outcome.kind === "timed" && again.kind === "timed");
    assert.deepEqual(kept.samplesMs, first.outcome.samplesMs);
    const refused = (changes: object, message: RegExp) =>
      assert.rejects(runKernelBench(gpu, { ...o, ...changes, resume }), {
        code: "bench/resume",
        message,
      });
    await refused({ runs: 3 }, /the options differ \(runs 2, now 3\)/);
    await refused({ seed: 9 }, /the options differ \(seed 1, now 9\)/);
    const changed = cases.map((each) => ({ ...each, windowTokens: 7 }));
    await refused({ cases: changed }, /case '.*' is another one/);
    const tuningOf = () => ({ subgroups: 1 });
    await refused({ tuningOf }, /case '.*' was tuned otherwise/);
  },
});

Deno.test({
  name: `measureKernelCase() skips what does not fit, and says so${missing}`,
  ignore: !canTime,
  fn: async () => {
    assert.ok(probe.kind === "gpu");
    const o = { runs: 1, checks: 1, seed: 1, tuning: null };
    const { outcome } = await measureKernelCase(probe.gpu, builtinCase("decode-8x8k-g8"), {
      ...o,
      maxGigabytes: 0.1,
    });
    assert.ok(outcome.kind === "skipped");
    assert.match(outcome.reason, /^the caches take [\d.]+ GB, more than the 0\.1 GB allowed$/);
  },
});

/** A device whose timer stands still, as one with coarse steps does during a short case. */
function withStillTimer(gpu: Gpu): Gpu {
  const instead = <T extends object>(target: T, replaced: Record<string, unknown>): T =>
    new Proxy(target, {
      get: (_, name) => {
        if (Object.hasOwn(replaced, name)) return replaced[String(name)];
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const device = instead(gpu.device, {
    createCommandEncoder: () => {
      const encoder = gpu.device.createCommandEncoder();
      return instead(encoder, { resolveQuerySet: () => {} });
    },
  });
  return { ...gpu, device };
}

Deno.test({
  name: `measureKernelCase() has no time of a case within a step of the timer${missing}`,
  ignore: !canTime,
  fn: async () => {
    assert.ok(probe.kind === "gpu");
    const o = { runs: 2, checks: 1, seed: 1, tuning: null, maxGigabytes: 1 };
    const gpu = withStillTimer(probe.gpu);
    const { outcome } = await measureKernelCase(gpu, builtinCase("smoke-decode"), o);
    const reason = "it takes less than a step of the adapter's timer";
    assert.deepEqual(outcome, { kind: "skipped", reason });
  },
});

globalThis.addEventListener("unload", () => {
  if (probe.kind === "gpu") closeGpu(probe.gpu);
});
