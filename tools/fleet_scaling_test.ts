import assert from "node:assert/strict";
import { describeScaling, type FleetScaling, fleetWorkload, scaleFleet } from "./fleet_scaling.ts";

Deno.test("scaleFleet() finds the same bytes with every number of threads, turn about", async () => {
  const workload = await fleetWorkload({ replicas: 3, requests: 24 });
  const scaling = await scaleFleet({
    workload,
    replicas: 3,
    workers: [1, 2],
    rounds: 2,
    seconds: Infinity,
  });
  assert.deepEqual(scaling.times.map(({ workers }) => workers), [1, 2]);
  assert.deepEqual(scaling.times.map(({ wallMs, cpuMs }) => [wallMs.length, cpuMs.length]), [
    [2, 2],
    [2, 2],
  ]);
  assert.equal(scaling.requests, 24);
  assert.ok(scaling.steps > 3 * 200, `${scaling.steps} steps`);
  assert.match(scaling.sha256, /^[0-9a-f]{64}$/);
});

Deno.test("scaleFleet() ends with the first round when the seconds are spent", async () => {
  const workload = await fleetWorkload({ replicas: 2, requests: 4 });
  const o = { workload, replicas: 2, workers: [1], rounds: 5, seconds: 0 };
  assert.equal((await scaleFleet(o)).times[0].wallMs.length, 1);
});

Deno.test("describeScaling() compares within a round", () => {
  const scaling: FleetScaling = {
    cores: 4,
    replicas: 8,
    requests: 1,
    steps: 1,
    sha256: "",
    times: [
      { workers: 1, wallMs: [100, 200, 300], cpuMs: [100, 200, 300] },
      { workers: 4, wallMs: [50, 50, 100], cpuMs: [110, 220, 600] },
    ],
  };
  assert.deepEqual(describeScaling(scaling).slice(1).map((line) => line.trim().split(/\s+/)), [
    ["1", "1.00", "1.00", "…", "1.00", "100", "%", "1.00"],
    ["4", "3.00", "2.00", "…", "4.00", "75", "%", "1.10"],
  ]);
});
