import assert from "node:assert/strict";
import { capture, type CapturedRun } from "../../testing_context.ts";

const OUT = "results/tests/bench.json";

async function bench(...args: readonly string[]): Promise<CapturedRun> {
  return await capture(["bench", "--clock", "model", "--out", OUT, ...args]);
}

Deno.test("bench exits 0 without --enforce, whatever the verdict", async () => {
  const { exitCode, stdout } = await bench("--ratio", "0");
  assert.match(stdout, /^FAIL {2}gate\/read/);
  assert.equal(exitCode, 0);
});

Deno.test("bench --enforce exits by the verdict", async () => {
  const passed = await bench("--enforce");
  assert.match(passed.stdout, /^PASS {2}gate\/read/);
  assert.equal(passed.exitCode, 0);
  // Without a window head both sides read the same pages, so there is nothing to gain.
  const failed = await bench("--enforce", "--ratio", "0");
  assert.match(failed.stdout, /^FAIL {2}gate\/read/);
  assert.equal(failed.exitCode, 1);
});

Deno.test("bench --json prints one JSON document, the one that it writes", async () => {
  const { stdout, stderr } = await bench("--json");
  const result = JSON.parse(stdout);
  assert.equal(result.kind, "headwise/bench-result");
  assert.deepEqual(JSON.parse(await Deno.readTextFile(OUT)), result);
  assert.match(stderr, /^replay uniform, pair 1 of 1\n[\s\S]*Result written to 'results\/tests\//);
});

Deno.test("bench gives the same result for the same seed, the time of writing aside", async () => {
  const withoutTime = async (): Promise<string> => {
    const { stdout } = await bench("--json", "--seed", "5");
    return stdout.replace(/"createdAt": "[^"]*"/, "");
  };
  assert.equal(await withoutTime(), await withoutTime());
});

Deno.test("bench exits 4 and names the fix when the fixture does not exist", async () => {
  const { exitCode, stdout, stderr } = await bench("--fixture", "smok");
  assert.equal(exitCode, 4);
  assert.equal(stdout, "");
  assert.match(stderr, /did you mean "smoke"\?/);
});

Deno.test("bench exits 2 when the engine's variable switches the head-wise table off", async () => {
  const environment = { FD_HEAD_WISE_KV_CACHE: "0" };
  const { exitCode, stderr } = await capture(["bench", "--clock", "model"], { environment });
  assert.equal(exitCode, 2);
  assert.equal(
    stderr,
    "FD_HEAD_WISE_KV_CACHE: Cannot judge a gate without the head-wise table; " +
      "switch it on with --head-wise\n",
  );
});

Deno.test("bench names the fix before it measures when the result cannot be written", async () => {
  const out = "docs/elsewhere/bench.json";
  const { exitCode, stderr } = await capture(["bench", "--clock", "model", "--out", out]);
  assert.equal(exitCode, 4);
  assert.match(stderr, /^Cannot write '.*': the tasks may write only below 'results'/);
});

Deno.test("bench draws one line in place on a terminal", async () => {
  const run = await capture(["bench", "--clock", "model", "--out", OUT], { isTerminal: true });
  assert.ok(run.stderr.includes("\r\x1b[2K"));
  assert.ok(run.stdout.includes("\x1b[32m"));
});

Deno.test("bench --debug-tables finds nothing wrong with the allocator's own tables", async () => {
  const { exitCode } = await bench("--debug-tables", "--gate", "read,capacity");
  assert.equal(exitCode, 0);
});
