import assert from "node:assert/strict";
import { fillSections } from "./docs_page.ts";
import { replayReadings, schedulingSections } from "./docs_scheduling.ts";

Deno.test("schedulingSections() give the figures of docs/scheduling.md", async () => {
  const written = await Deno.readTextFile("docs/scheduling.md");
  assert.equal(
    fillSections(written, await schedulingSections()),
    written,
    "run 'deno task docs:figures'",
  );
});

Deno.test("replayReadings() shows what each fault does to TTFT", async () => {
  const runs = await replayReadings(null);
  const ttft = (reading: "pools" | "emptied-list" | "integer-division" | "mixed-units"): number =>
    runs.get(reading)!.whole.ttftMs!.mean;
  assert.equal(runs.get("pools")!.memoryBoundConcurrency, null);
  assert.ok(ttft("emptied-list") > 1.4 * ttft("pools"));
  assert.ok(ttft("integer-division") > 1.4 * ttft("pools"));
  assert.ok(ttft("mixed-units") > 1.02 * ttft("pools"));
  // Nothing fails, so only the time tells.
  for (const run of runs.values()) assert.equal(run.whole.ttftMs!.count, 512);
});
