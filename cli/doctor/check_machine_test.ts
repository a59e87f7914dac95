import assert from "node:assert/strict";
import { checkMachine } from "./check_machine.ts";
import type { Finding } from "./finding.ts";
import { type MadeUpMachine, madeUpProbe } from "./testing_probe.ts";

async function find(name: string, machine: MadeUpMachine): Promise<Finding> {
  const findings = await checkMachine(madeUpProbe(machine));
  return findings.find((finding) => finding.name === name)!;
}

Deno.test("checkMachine() demands a Deno that is new enough, and the results folder", async () => {
  const findings = await checkMachine(madeUpProbe());
  const required = findings.filter((finding) => finding.required).map(({ name }) => name);
  assert.deepEqual(required, ["Deno", "results folder"]);
});

Deno.test("checkMachine() tells an older Deno from another one", async () => {
  assert.equal((await find("Deno", {})).state, "ok");
  for (const [denoVersion, state] of [["2.8.9", "missing"], ["1.46.0", "missing"]] as const) {
    const { state: found, fix } = await find("Deno", { denoVersion });
    assert.equal(found, state);
    assert.match(fix!, /^npx -y deno@2\.9\.6 /);
  }
  assert.equal((await find("Deno", { denoVersion: "2.9.5" })).state, "limited");
  assert.equal((await find("Deno", { denoVersion: "3.0.0" })).state, "limited");
});

Deno.test("checkMachine() tells a folder that may not be written from one that cannot be", async () => {
  const denied = await find("results folder", { denied: ["write:results"] });
  assert.equal(denied.state, "missing");
  assert.equal(denied.fix, "start headwise with --allow-write=results");
  const readOnly = { unwritable: { results: "Read-only file system" } };
  const broken = await find("results folder", readOnly);
  assert.deepEqual([broken.state, broken.detail], ["missing", "Read-only file system"]);
  assert.match(broken.fix!, /^mkdir -p results/);
});

Deno.test("checkMachine() guesses nothing of what it may not look at", async () => {
  const home = await find("cache folder", { variables: { HOME: null } });
  assert.deepEqual([home.state, home.fix], [
    "unknown",
    "start headwise with --allow-env=XDG_CACHE_HOME,HOME",
  ]);
  const folder = "/somewhere/.cache/headwise";
  const machine = { variables: { HOME: "/somewhere" }, denied: [`write:${folder}`] };
  assert.match((await find("cache folder", machine)).fix!, new RegExp(`--allow-write=${folder}$`));
  const traces = await find("traces", {
    variables: { HEADWISE_TRACES: "/t" },
    denied: ["read:/t"],
  });
  assert.deepEqual([traces.state, traces.fix], ["unknown", "start headwise with --allow-read=/t"]);
});

Deno.test("checkMachine() looks whether what a variable names is there", async () => {
  for (
    const [name, variable] of [["XDG_RUNTIME_DIR", "XDG_RUNTIME_DIR"], [
      "traces",
      "HEADWISE_TRACES",
    ]]
  ) {
    const variables = { [variable!]: "/folder" };
    assert.equal((await find(name!, { variables, paths: ["/folder"] })).state, "ok");
    const gone = await find(name!, { variables });
    assert.deepEqual([gone.state, gone.detail], ["missing", "'/folder' is not there"]);
  }
  assert.equal((await find("XDG_RUNTIME_DIR", {})).state, "limited");
  assert.equal(await find("XDG_RUNTIME_DIR", { os: "darwin" }), undefined);
});

Deno.test("checkMachine() tells which hosts may be asked", async () => {
  assert.equal((await find("network", {})).state, "ok");
  assert.equal((await find("network", { denied: ["net:"] })).state, "limited");
  assert.equal((await find("network", { denied: ["net:", "net:127.0.0.1"] })).state, "missing");
});
