import assert from "node:assert/strict";
import { runBench } from "../bench/run/mod.ts";
import { loadWorkload, requireLoaded } from "../fixtures/mod.ts";
import { renderVerdict } from "./docs_verdict.ts";

Deno.test("renderVerdict() shows pairs that were compared, and leaves out those that were not", async () => {
  const workload = requireLoaded(await loadWorkload("smoke"));
  const result = await runBench({ workload, clock: { kind: "model", reason: null } });
  const page = renderVerdict([{ clock: "model", load: "saturated", result }], {
    isRehearsal: false,
  });
  assert.match(page, /^## model, saturated$/m);
  assert.match(page, /^- gate\/read: \*\*PASS\*\* over 1 pairs$/m);
  assert.match(page, /^\| `headwise` against `row` +\| +[\d.]+ \| +−[\d.]+ % \|/m);
  assert.doesNotMatch(page, /two-pass/);
  assert.doesNotMatch(page, /protocol took/);
});
