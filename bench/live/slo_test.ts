import assert from "node:assert/strict";
import { meetsObjectives, parseObjectives } from "./slo.ts";

Deno.test("parseObjectives() names the part that it cannot read", () => {
  for (const text of ["", "ttft", "ttft=5", "ttft=0ms", "itl=5ms", "ttft=5ms,,", "ttft=-1ms"]) {
    assert.throws(() => parseObjectives(text), /Cannot read the objective/, text);
  }
});

Deno.test("meetsObjectives() demands every limit and no limit that was not given", () => {
  const objectives = parseObjectives("ttft=100ms,tbt=10ms");
  const request = { ttftMs: 100, tpotMs: 10, endToEndMs: 5000 };
  assert.equal(meetsObjectives(objectives, request), true);
  assert.equal(meetsObjectives(objectives, { ...request, ttftMs: 100.1 }), false);
  assert.equal(meetsObjectives(objectives, { ...request, tpotMs: 10.1 }), false);
  assert.equal(meetsObjectives(objectives, { ...request, tpotMs: null }), true);
  assert.equal(meetsObjectives(objectives, { ...request, ttftMs: null }), false);
  assert.equal(meetsObjectives(parseObjectives("e2e=4s"), request), false);
});
