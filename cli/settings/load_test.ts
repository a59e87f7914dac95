import assert from "node:assert/strict";
import { capture, type CapturedWorld } from "../testing_context.ts";
import { flagOf, type Setting } from "./setting.ts";
import { SETTING_TABLES } from "./tables.ts";

interface Explained {
  readonly [name: string]: {
    readonly value: unknown;
    readonly kind: string;
    readonly from: string;
  };
}

async function explain(args: readonly string[], world: CapturedWorld): Promise<Explained> {
  const run = await capture(["bench", "--explain-config", "--json", ...args], world);
  assert.equal(run.exitCode, 0, run.stderr);
  return JSON.parse(run.stdout);
}

Deno.test("loadSettings() takes flag over environment over file over default", async () => {
  const files = { "headwise.yaml": "bench:\n  pairs: 2\n  checks: 2\n  limit: 2\n" };
  const environment = { HEADWISE_PAIRS: "3", HEADWISE_CHECKS: "3" };
  const settings = await explain(["--pairs", "4"], { files, environment });
  assert.deepEqual(settings["pairs"], { value: 4, kind: "flag", from: "--pairs" });
  assert.deepEqual(settings["checks"], { value: 3, kind: "environment", from: "HEADWISE_CHECKS" });
  assert.deepEqual(settings["limit"], { value: 2, kind: "file", from: "headwise.yaml:4:10" });
  assert.deepEqual(settings["gate"], { value: ["read"], kind: "default", from: "built in" });
});

Deno.test("loadSettings() keeps the meaning of the engine's four variables", async () => {
  const settings = await explain([], {
    environment: {
      FD_HEAD_WISE_KV_CACHE: "0",
      FD_T53_HEAD_WISE_SWA_RATIO: "0.75",
      FD_T53_DEBUG_BLOCK_TABLES: "1",
      FD_T53_HEAD_WISE_SWA_FIXTURE: "1",
    },
  });
  const values = ["headWise", "ratio", "debugTables", "windowFixture"].map((name) =>
    settings[name]!.value
  );
  assert.deepEqual(values, [false, 0.75, true, true]);
});

Deno.test("loadSettings() refuses a ratio outside [0, 1] wherever it comes from", async () => {
  const environment = { FD_T53_HEAD_WISE_SWA_RATIO: "1.5" };
  const run = await capture(["bench"], { environment });
  assert.equal(run.exitCode, 2);
  assert.equal(
    run.stderr,
    "FD_T53_HEAD_WISE_SWA_RATIO: Cannot use '1.5': expected a number in [0, 1]\n",
  );
});

Deno.test("loadSettings() reads the file that --config or HEADWISE_CONFIG names", async () => {
  const files = {
    "a.yaml": "bench: { clock: model }",
    "b.yaml": "bench: { clock: gpu }",
    "headwise.yaml": "bench: { clock: auto }",
  };
  const byFlag = await explain(["--config", "a.yaml"], { files });
  assert.equal(byFlag["clock"]!.value, "model");
  const environment = { HEADWISE_CONFIG: "b.yaml" };
  assert.equal((await explain([], { files, environment }))["clock"]!.value, "gpu");
  const both = await explain(["--config", "a.yaml"], { files, environment });
  assert.equal(both["clock"]!.value, "model");
});

Deno.test("loadSettings() exits 4 when a named file is missing or wrong, with the place", async () => {
  const missing = await capture(["bench", "--config", "none.yaml"]);
  assert.equal(missing.exitCode, 4);
  assert.match(missing.stderr, /none\.yaml/);
  const files = { "headwise.yaml": "bench:\n  pairs: many\n" };
  const wrong = await capture(["bench"], { files });
  assert.equal(wrong.exitCode, 4);
  assert.equal(
    wrong.stderr,
    "headwise.yaml:2:10: Cannot use 'many': expected a whole number from 1 to 1000\n",
  );
});

Deno.test("loadSettings() lets a switch be switched off again by a flag", async () => {
  const environment = { HEADWISE_ENFORCE: "1" };
  assert.equal((await explain([], { environment }))["enforce"]!.value, true);
  assert.equal((await explain(["--enforce=false"], { environment }))["enforce"]!.value, false);
});

/** Values that run a program, reach a server, open one or replace files, by command and setting. */
const CONFIRMED: readonly (readonly [string, string, string, string])[] = [
  ["conformance", "subject", "exec:./evil", "run a program"],
  ["conformance", "subject", "module:./evil.ts", "run a program"],
  ["conformance", "subject", "ffi:./evil.so", "run a program"],
  ["bench", "endpoint", "http://127.0.0.1:9", "send requests to a server"],
  ["bench", "against", "http://127.0.0.1:9", "send requests to a server"],
  ["serve", "host", "0.0.0.0", "choose who can reach the server"],
  ["serve", "allowRemote", "true", "choose who can reach the server"],
  ["kernel bench", "peers", "true", "run programs"],
  ["bench", "force", "true", "replace files of any kind"],
  ["conformance", "force", "true", "replace files of any kind"],
];

Deno.test("loadSettings() has a file that was only found run, reach and open nothing", async () => {
  for (const [command, name, value, deed] of CONFIRMED) {
    const text = `${command}:\n  ${name}: ${JSON.stringify(value)}\n`;
    const files = { "headwise.yaml": text };
    const args = [...command.split(" "), "--explain-config"];
    const found = await capture(args, { files });
    assert.equal(found.exitCode, 4, `${command} ${name}`);
    assert.match(found.stderr, new RegExp(`headwise\\.yaml:2:\\d+: .*'${name}'.* would ${deed}`));
    assert.match(found.stderr, /--config headwise\.yaml\n$/);
    // Named, by flag or by variable, it counts; a flag in its place does too.
    const named = await capture([...args, "--config", "headwise.yaml"], { files });
    assert.equal(named.exitCode, 0, named.stderr);
    assert.equal(named.stderr, `Settings of '${command}' from 'headwise.yaml'\n`);
    const environment = { HEADWISE_CONFIG: "headwise.yaml" };
    assert.equal((await capture(args, { files, environment })).exitCode, 0);
    const flag = [flagOf(name), ...(value === "true" ? [] : [value])];
    assert.equal((await capture([...args, ...flag], { files })).exitCode, 0);
  }
});

Deno.test("loadSettings() takes from a file that was found what does none of this", async () => {
  for (
    const text of [
      "conformance:\n  subject: oracle\n",
      "conformance:\n  subject: dump:x.json\n",
      "kernel bench:\n  peers: false\n",
    ]
  ) {
    const [command] = text.split(":");
    const args = [...command!.split(" "), "--explain-config"];
    const { exitCode, stderr } = await capture(args, { files: { "headwise.yaml": text } });
    assert.equal(exitCode, 0, stderr);
    assert.equal(stderr, `Settings of '${command}' from 'headwise.yaml'\n`);
  }
});

Deno.test("every setting that names a server, a program or an address, or replaces files, asks for confirmation", () => {
  const suspicious = Object.entries(SETTING_TABLES).flatMap(([command, table]) =>
    Object.entries<Setting<unknown>>(table).filter(([name, { placeholder, confirm }]) =>
      confirm === undefined && (/URL|ADDRESS|SUBJECT|COMMAND|PROGRAM/.test(placeholder ?? "") ||
        /^(?:endpoint|against|host|allowRemote|subject|peers|adapter|force)$/.test(name))
    ).map(([name]) => `${command} ${name}`)
  );
  assert.deepEqual(suspicious, []);
});

Deno.test("runCli() warns of a variable that is named as ours and is none", async () => {
  const environment = { HEADWISE_PAGE_ODER: "shuffled", HEADWISE_QQQQQQQQQ: "1", FD_X: "1" };
  const { exitCode, stderr } = await capture(["bench", "--explain-config"], { environment });
  assert.equal(exitCode, 0);
  assert.equal(
    stderr,
    "Variable HEADWISE_PAGE_ODER has no effect: there is no such setting; did you mean " +
      "HEADWISE_PAGE_ORDER?\nVariable HEADWISE_QQQQQQQQQ has no effect: there is no such setting; " +
      "see 'headwise help'\n",
  );
});
