import assert from "node:assert/strict";
import { capture } from "./testing_context.ts";
import { visibleWidth } from "./terminal/table.ts";

const COMMANDS = [
  [],
  ["bench"],
  ["gate"],
  ["calibrate"],
  ["conformance"],
  ["clauses"],
  ["report"],
  ["report", "show"],
  ["report", "merge"],
  ["adapter"],
  ["adapter", "init"],
  ["adapter", "smoke"],
  ["fixture"],
  ["fixture", "list"],
  ["fixture", "show"],
  ["fixture", "validate"],
  ["fixture", "import"],
  ["kernel", "bench"],
  ["kernel", "list"],
  ["kernel", "roofline"],
  ["kernel", "tune"],
  ["sweep"],
  ["sweep", "run"],
  ["sweep", "merge"],
  ["doctor"],
  ["init"],
  ["completions"],
  ["help"],
];

for (const command of COMMANDS) {
  Deno.test(`runCli() shows help of '${["headwise", ...command].join(" ")}'`, async (t) => {
    const { exitCode, stdout, stderr } = await capture([...command, "--help"]);
    assert.equal(exitCode, 0);
    assert.equal(stderr, "");
    for (const line of stdout.split("\n")) assert.ok(visibleWidth(line) <= 100, line);
    await t.assertSnapshot(stdout);
  });
}

Deno.test("runCli() exits 2 and names the likely flag when one is misspelt", async () => {
  const { exitCode, stdout, stderr } = await capture(["bench", "--pars", "3"]);
  assert.equal(exitCode, 2);
  assert.equal(stdout, "");
  assert.equal(stderr, "No flag registered for --pars, did you mean --pairs?\n");
});

Deno.test("runCli() exits 2 and names the likely command when one is misspelt", async () => {
  const { exitCode, stderr } = await capture(["bnch"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /did you mean `bench`\?/);
});

Deno.test("runCli() exits 2 when an argument is missing", async () => {
  assert.equal((await capture(["gate", "only-one.json"])).exitCode, 2);
});

Deno.test("runCli() exits 2 and names who gave a value that cannot be read", async () => {
  const flag = await capture(["bench", "--clock", "gup"]);
  assert.equal(flag.exitCode, 2);
  assert.equal(
    flag.stderr,
    "--clock: Cannot use 'gup': expected auto, gpu, model, exec:COMMAND, module:FILE.ts, ffi:LIBRARY or table:FILE.csv; did you mean 'gpu'?\n",
  );
  const variable = await capture(["bench"], { environment: { HEADWISE_PAIRS: "0" } });
  assert.equal(variable.exitCode, 2);
  assert.match(variable.stderr, /^HEADWISE_PAIRS: Cannot use '0'/);
});

Deno.test("runCli() prints the version of deno.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile("deno.json"));
  assert.equal((await capture(["--version"])).stdout, `${version}\n`);
});

Deno.test("runCli() paints an error red on a terminal, and not with NO_COLOR", async () => {
  const args = ["bench", "--clock", "gup"];
  assert.ok((await capture(args, { isTerminal: true })).stderr.includes("\x1b[31m"));
  const plain = await capture(args, { isTerminal: true, environment: { NO_COLOR: "1" } });
  assert.ok(!plain.stderr.includes("\x1b"));
});
