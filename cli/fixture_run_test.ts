import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "./exit_code.ts";
import { capture } from "./testing_context.ts";
import { replaceFile, withFolder } from "./testing_folder.ts";
import { startProgram } from "./testing_program.ts";

Deno.test("fixture list names every built-in workload and model", async () => {
  const { exitCode, stdout } = await capture(["fixture", "list"]);
  assert.equal(exitCode, 0);
  const { workloads, models } = JSON.parse((await capture(["fixture", "list", "--json"])).stdout);
  assert.ok(workloads.length >= 8);
  for (const { name } of workloads) assert.ok(stdout.includes(`  ${name} `), name);
  for (const name of models) assert.ok(stdout.includes(`  ${name}\n`), name);
});

Deno.test("fixture show fills in every default", async () => {
  const { stdout } = await capture(["fixture", "show", "smoke"]);
  for (const word of ["model", "head map", "cache", "scheduler", "requests", "sha256"]) {
    assert.match(stdout, new RegExp(`^ {2}${word} `, "m"));
  }
  const workload = JSON.parse((await capture(["fixture", "show", "smoke", "--json"])).stdout);
  assert.equal(workload.name, "smoke");
});

Deno.test("fixture show exits 4 and names the likely fixture when there is none", async () => {
  const { exitCode, stderr } = await capture(["fixture", "show", "smok"]);
  assert.equal(exitCode, 4);
  assert.match(stderr, /did you mean "smoke"\?/);
});

Deno.test("fixture validate exits 4 with line, column and fix when a file is rejected", async () => {
  const path = "results/tests/wrong.yaml";
  await Deno.mkdir("results/tests", { recursive: true });
  const text = await Deno.readTextFile("fixtures/workloads/smoke.yaml");
  await Deno.writeTextFile(path, `sede: 1\n${text}`);
  const { exitCode, stdout } = await capture(["fixture", "validate", "smoke", path]);
  assert.equal(exitCode, 4);
  assert.match(stdout, /^accepted {2}smoke$/m);
  assert.match(stdout, /^results\/tests\/wrong\.yaml:1:1: error .*did you mean "seed"\?$/m);
  assert.match(stdout, /^rejected {2}results\/tests\/wrong\.yaml$/m);
});

Deno.test("fixture validate exits 0 and prints JSON when all are accepted", async () => {
  const { exitCode, stdout } = await capture(["fixture", "validate", "--json", "smoke"]);
  assert.equal(exitCode, 0);
  assert.equal(JSON.parse(stdout)[0].accepted, true);
});

Deno.test("fixture validate --watch shows a broken edit, goes on, and ends with 130", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "mine.yaml");
    await capture(["init", file]);
    const good = await Deno.readTextFile(file);
    const program = startProgram(["fixture", "validate", file, "--watch"]);
    await program.expect("stderr", /^Watching .*mine\.yaml; Ctrl-C ends it\n/);
    await program.expect("stdout", /^accepted .*\n/);
    await replaceFile(file, good.replace("maxSequences", "maxSequenzes"));
    await program.expect("stdout", /mine\.yaml:\d+:\d+.*maxSequenzes[^]*rejected .*\n/);
    await replaceFile(file, good);
    await program.expect("stdout", /^accepted .*\n/);
    assert.equal(await program.interrupt(), EXIT.interrupted);
  });
});
