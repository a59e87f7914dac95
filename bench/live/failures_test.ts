import assert from "node:assert/strict";
import { countFailures, describeFailures, failedShare, RequestFailure } from "./failures.ts";
import type { LiveError, LiveSide } from "./live_schema.ts";

const ERRORS: readonly LiveError[] = (["timeout", "cut-off", "timeout"] as const)
  .map((kind, request) => ({ request, kind, message: "" }));

Deno.test("RequestFailure carries the kind by which it is counted", () => {
  const failure = new RequestFailure("status", "Status 503: busy");
  assert.ok(failure instanceof Error);
  assert.deepEqual([failure.name, failure.kind, failure.message], [
    "RequestFailure",
    "status",
    "Status 503: busy",
  ]);
});

Deno.test("countFailures() counts each kind that occurs, and no other", () => {
  assert.deepEqual(countFailures(ERRORS), { "timeout": 2, "cut-off": 1 });
  assert.deepEqual(countFailures([]), {});
  assert.equal(describeFailures(ERRORS), "2 timeout, 1 cut-off");
});

Deno.test("failedShare() is over all runs, and 1 where nothing was asked", () => {
  const sideOf = (...runs: readonly (readonly [completed: number, failed: number])[]) =>
    ({
      runs: runs.map(([completed, failed]) => ({ performance: { completed, failed } })),
    }) as unknown as LiveSide;
  assert.equal(failedShare(sideOf([3, 0], [0, 1])), 0.25);
  assert.equal(failedShare(sideOf([3, 0], [2, 0])), 0);
  assert.equal(failedShare(sideOf([0, 2])), 1);
  assert.equal(failedShare(sideOf()), 1);
});
