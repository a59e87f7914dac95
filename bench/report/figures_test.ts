import assert from "node:assert/strict";
import { describeCeilings, describeRequests, environmentFacts, meanOverRuns } from "./figures.ts";
import { BENCH } from "./report_test_support.ts";

Deno.test("meanOverRuns() is null as soon as one run has no value", () => {
  const [run] = BENCH.sides[0].runs;
  const other = { performance: { ...run.performance!, steps: run.performance!.steps + 2 } };
  const steps = run.performance!.steps;
  assert.equal(meanOverRuns([run, other], (performance) => performance.steps), steps + 1);
  assert.equal(meanOverRuns([run, { performance: null }], ({ steps }) => steps), null);
  assert.equal(meanOverRuns([run], () => undefined), null);
  assert.equal(meanOverRuns([], () => 1), null);
});

Deno.test("describeRequests() says where requests came from and what was dropped", () => {
  const requests = { count: 2, trace: null, sha256: null, dropped: {} };
  assert.equal(describeRequests(requests), "2, from the fixture");
  assert.equal(
    describeRequests({ ...requests, trace: "a.csv", dropped: { empty: 3, late: 0 } }),
    "2, from a.csv, rows dropped: 3 empty",
  );
});

Deno.test("environmentFacts() and describeCeilings() name the machine", () => {
  const environment = { os: "linux", arch: "arm", deno: "2", v8: "1", adapter: null };
  assert.deepEqual(environmentFacts(environment), [
    ["machine", "linux, arm"],
    ["adapter", "none"],
    ["runtime", "Deno 2, V8 1"],
  ]);
  const browser = { os: "linux", arch: null, browser: "Chromium 140", adapter: "a GPU" };
  assert.deepEqual(environmentFacts(browser), [
    ["machine", "linux, unknown instruction set"],
    ["adapter", "a GPU"],
    ["runtime", "Chromium 140"],
  ]);
  const ceilings = { memoryBytesPerSecond: 1e12, flopsPerSecond: 2e13 };
  assert.equal(describeCeilings(ceilings), "1.00 TB/s and 20.0 TFLOP/s");
});
