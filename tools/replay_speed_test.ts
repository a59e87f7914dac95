import assert from "node:assert/strict";
import { loadWorkload, requireLoaded } from "../fixtures/mod.ts";
import { repeatTrace, timeReplay } from "./replay_speed.ts";
import { requestsOf } from "../bench/run/test_support.ts";

Deno.test("repeatTrace() lays a trace behind itself without a gap or an overlap", () => {
  const sequence = repeatTrace(requestsOf([[0, 5, 1], [10, 6, 2], [14, 7, 3]]), 2);
  const twice = Array.from({ length: sequence.length }, (_, index) => sequence.at(index)!);
  assert.deepEqual(twice.map(({ arrivalMs }) => arrivalMs), [0, 10, 14, 18, 28, 32]);
  assert.deepEqual(twice.map(({ id }) => id), [0, 1, 2, 3, 4, 5]);
  assert.equal(twice[4].inputTokens, 6);
});

Deno.test("replay() costs what the trace's length asks for and no more", async () => {
  const workload = requireLoaded(await loadWorkload("trace-replay"));
  // Short answers at a rate that the engine keeps up with: the queue does not grow with the trace.
  const one = requestsOf(Array.from({ length: 500 }, (_, i) => [i * 200, 1000 + i % 700, 40]));
  const four = repeatTrace(one, 4);
  const best = { one: Infinity, four: Infinity };
  let steps = { one: 0, four: 0 };
  for (let round = 0; round < 3; round++) {
    const costs = { one: await timeReplay(workload, one), four: await timeReplay(workload, four) };
    best.one = Math.min(best.one, costs.one.cpuMs);
    best.four = Math.min(best.four, costs.four.cpuMs);
    steps = { one: costs.one.steps, four: costs.four.steps };
  }
  assert.ok(Math.abs(steps.four / steps.one - 4) < 0.1, `${steps.four} steps of ${steps.one}`);
  // Linear is 4 and quadratic 16; machines that also do something else need room between.
  assert.ok(best.four / best.one < 8, `four times the trace took ${best.four / best.one} times`);
});

Deno.test("replay() keeps few bytes per request when a trace is long", async () => {
  const workload = requireLoaded(await loadWorkload("trace-replay"));
  const rows = Array.from(
    { length: 20_000 },
    (_, i) => [i * 200, 64, 2] as [number, number, number],
  );
  const { residentBytes, requests } = await timeReplay(workload, requestsOf(rows));
  assert.equal(requests, 20_000);
  assert.ok(residentBytes < 2 ** 30, `${residentBytes} bytes resident`);
});
