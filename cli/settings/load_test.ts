import assert from "node:assert/strict";
import { capture, type CapturedWorld } from "../testing_context.ts";

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
