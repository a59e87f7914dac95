import assert from "node:assert/strict";
import { RequestFailure } from "./request_failure.ts";

Deno.test("RequestFailure keeps the kind by which it is counted beside its message", () => {
  const failure = new RequestFailure("timeout", "Cannot wait any longer");
  assert.ok(failure instanceof Error);
  assert.deepEqual([failure.name, failure.kind, failure.message], [
    "RequestFailure",
    "timeout",
    "Cannot wait any longer",
  ]);
});
