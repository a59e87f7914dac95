import assert from "node:assert/strict";
import type { EngineMessage } from "./messages.ts";
import { viewStatus } from "./run_views.ts";
import {
  canRun,
  canRunTicked,
  FIRST_STATE,
  type PageState,
  startRun,
  stopRun,
  takeIn,
} from "./state.ts";
import { ADAPTER, failed, passed, suiteReport } from "./testing_messages.ts";

const OPENED: readonly EngineMessage[] = [
  { kind: "described", adapter: ADAPTER, families: ["kernel"] },
  { kind: "ended", cancelled: false },
];

function after(messages: readonly EngineMessage[], state: PageState = FIRST_STATE): PageState {
  return messages.reduce(takeIn, state);
}

Deno.test("takeIn() follows a run from the adapter to the report", () => {
  const opened = after(OPENED);
  assert.ok(canRun(opened) && !canRun(FIRST_STATE));
  for (const [suites, benchmark] of [[true, true], [true, false], [false, true]] as const) {
    assert.ok(canRunTicked(opened, { suites, benchmark }));
    assert.ok(!canRunTicked(FIRST_STATE, { suites, benchmark }));
  }
  assert.ok(!canRunTicked(opened, { suites: false, benchmark: false }), "nothing is ticked");
  const started = startRun(opened);
  assert.ok(!canRun(started), "one run at a time");
  const running = after([
    { kind: "suite-started", cases: 3 },
    { kind: "case", row: passed("kernel:a:b:", 0.5) },
    { kind: "case", row: failed("kernel:a:c:") },
  ], started);
  assert.deepEqual(running.phase, { kind: "suites", done: 2, cases: 3 });
  assert.deepEqual(running.bad.map(({ query }) => query), ["kernel:a:c:"]);
  const report = suiteReport({ passed: 1, failed: 1, skipped: 1 });
  const ended = after([
    { kind: "suite-ended", report },
    { kind: "benchmark-step", label: "decode", share: 0.5 },
    { kind: "benchmark-skipped", reason: "no timer" },
    { kind: "ended", cancelled: false },
  ], running);
  assert.equal(viewStatus(ended), "1 passed, 1 failed, 1 skipped in 1,000 ms");
  assert.deepEqual(ended.benchmark, { kind: "skipped", reason: "no timer" });
  assert.ok(canRun(ended));
  const stopping = stopRun(running);
  assert.deepEqual([stopping.isStopping, stopping.phase], [true, running.phase]);
  assert.equal(after([{ kind: "ended", cancelled: true }], stopping).isStopping, false);
});

Deno.test("startRun() forgets the run before, but not the adapter", () => {
  const problem = { title: "The GPU device was lost", fixes: [] };
  const lost = after([
    ...OPENED,
    { kind: "case", row: failed("kernel:a:c:") },
    { kind: "problem", problem },
    { kind: "ended", cancelled: true },
  ]);
  assert.deepEqual(lost.problem, problem);
  const again = startRun(lost);
  assert.deepEqual([again.problem, again.cases, again.bad], [null, [], []]);
  assert.deepEqual(again.adapter, ADAPTER);
});

Deno.test("takeIn() keeps a refused filter beside its field, and no run begins", () => {
  const refused = after([{ kind: "refused", message: "No such case" }, OPENED[1]!], after(OPENED));
  assert.equal(refused.refusal, "No such case");
  assert.equal(viewStatus(refused), "Ready");
});

Deno.test("viewStatus() tells a stopped run from a whole one", () => {
  const report = suiteReport({ passed: 2 }, false);
  const stopped = after([{ kind: "suite-ended", report }, OPENED[1]!], after(OPENED));
  assert.match(viewStatus(stopped), /^Stopped: 2 passed/);
  const running = after([{ kind: "suite-started", cases: 9 }], after(OPENED));
  assert.equal(viewStatus({ ...running, isStopping: true }), "Stopping after this case");
});
