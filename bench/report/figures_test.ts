import assert from "node:assert/strict";
import { describeCeilings, describeRequests, environmentFacts } from "./figures.ts";

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
