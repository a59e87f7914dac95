import assert from "node:assert/strict";
import { capture } from "../testing_context.ts";
import { buildSettingsCommand } from "./command.ts";

Deno.test("buildSettingsCommand() loads the command's module only when it runs", () => {
  let loads = 0;
  const command = buildSettingsCommand({
    command: "clauses",
    loader: () => {
      loads += 1;
      return Promise.resolve({ default: () => {} });
    },
    brief: "Do nothing",
    description: "",
  });
  assert.equal(loads, 0);
  assert.ok(command.usesFlag("json", "original"));
  assert.ok(!command.usesFlag("jason", "original"));
});

Deno.test("a command of switches takes flag, variable and file key alike", async () => {
  const files = { "headwise.yaml": "clauses:\n  uncovered: true\n" };
  const plain = await capture(["clauses"]);
  const byFlag = await capture(["clauses", "--uncovered"]);
  const byVariable = await capture(["clauses"], { environment: { HEADWISE_UNCOVERED: "1" } });
  const byFile = await capture(["clauses"], { files });
  assert.ok(byFlag.stdout.length < plain.stdout.length);
  assert.equal(byVariable.stdout, byFlag.stdout);
  assert.equal(byFile.stdout, byFlag.stdout);
  const overruled = await capture(["clauses", "--uncovered=false"], { files });
  assert.equal(overruled.stdout, plain.stdout);
});

Deno.test("the settings of a command with two words stand in a section with both", async () => {
  const files = { "headwise.yaml": "kernel list:\n  headSize: 128\n" };
  const run = await capture(["kernel", "list", "--explain-config", "--json"], { files });
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(JSON.parse(run.stdout).headSize, {
    value: 128,
    kind: "file",
    from: "headwise.yaml:2:13",
  });
});
