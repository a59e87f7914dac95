import assert from "node:assert/strict";
import { capture } from "../testing_context.ts";
import { DENO_VERSION } from "../version.ts";
import { type Examination, examine } from "./examine.ts";
import { madeUpProbe } from "./testing_probe.ts";

Deno.test("doctor exits 0 where the main job can run, whatever else lacks, and says so in JSON", async () => {
  const { exitCode, stdout } = await capture(["doctor", "--json"]);
  const { ready, adapter, clock, findings } = JSON.parse(stdout) as Examination;
  assert.equal(ready, true);
  assert.equal(exitCode, 0);
  assert.equal(clock, adapter?.hasTimestamps === true ? "gpu" : "model");
  for (const { name, state, why, fix } of findings) {
    assert.notEqual(why, "", name);
    assert.equal(fix === null, state === "ok", name);
  }
});

Deno.test("examine() is not ready when the results folder cannot be written", async () => {
  const { ready, findings } = await examine(madeUpProbe({ denied: ["write:results"] }));
  assert.equal(ready, false);
  assert.deepEqual(findings.slice(0, 2).map(({ name }) => name), ["Deno", "results folder"]);
  assert.equal((await examine(madeUpProbe())).ready, true);
});

Deno.test("doctor knows the version of Deno that .ci/run installs", async () => {
  assert.match(
    await Deno.readTextFile(".ci/run"),
    new RegExp(`DENO_VERSION=${DENO_VERSION}$`, "m"),
  );
});
