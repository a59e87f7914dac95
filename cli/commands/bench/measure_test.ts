import assert from "node:assert/strict";
import type { CliContext } from "../../terminal/mod.ts";
import { capture } from "../../testing_context.ts";
import { calibrationOf } from "./measure.ts";

const FOLDER = "results/tests/measure";

async function write(name: string, text: string): Promise<string> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const path = `${FOLDER}/${name}`;
  await Deno.writeTextFile(path, text);
  return path;
}

async function bench(...args: readonly string[]) {
  const out = `${FOLDER}/result.json`;
  const run = await capture([
    "bench",
    "--clock",
    "model",
    "--json",
    "--out",
    out,
    "--force",
    ...args,
  ]);
  return { ...run, result: run.stdout === "" ? null : JSON.parse(run.stdout) };
}

Deno.test("measure() replays a trace in place of the fixture's requests", async () => {
  const path = await write(
    "trace.csv",
    "TIMESTAMP,ContextTokens,GeneratedTokens\n" +
      "2023-11-16 18:17:03.9799600,200,10\n" +
      "2023-11-16 18:17:04.0319600,150,8\n" +
      "2023-11-16 18:17:05.1319600,110,27\n",
  );
  const { exitCode, result } = await bench("--trace", path, "--limit", "2");
  assert.equal(exitCode, 0);
  assert.equal(result.requests.trace, "trace.csv");
  assert.equal(result.requests.count, 2);
  assert.match(result.requests.sha256, /^[0-9a-f]{64}$/);
});

Deno.test("measure() leaves longer requests out, and says how many", async () => {
  const path = await write(
    "long.csv",
    "TIMESTAMP,ContextTokens,GeneratedTokens\n" +
      "2023-11-16 18:17:03.9799600,200,10\n" +
      "2023-11-16 18:17:04.0319600,9000,8\n",
  );
  const { result } = await bench("--trace", path, "--max-tokens", "512");
  assert.equal(result.workload.name, "trace-replay");
  assert.equal(result.requests.count, 1);
  const dropped = Object.values(result.requests.dropped) as number[];
  assert.equal(dropped.reduce((sum, rows) => sum + rows, 0), 1);
});

Deno.test("measure() names line and column when a trace is malformed", async () => {
  const path = await write("bad.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\nnever,1,1\n");
  const { exitCode, stdout, stderr } = await bench("--trace", path);
  assert.equal(exitCode, 4);
  assert.equal(stdout, "");
  assert.match(stderr, /bad\.csv:2:1: error /);
});

Deno.test("measure() exits 4 when the trace or the fixture file is missing", async () => {
  assert.equal((await bench("--trace", `${FOLDER}/none.csv`)).exitCode, 4);
  assert.equal((await bench("--fixture", `${FOLDER}/none.yaml`)).exitCode, 4);
});

Deno.test("measure() names the fix when a path lies outside the permissions", async () => {
  const { exitCode, stderr } = await bench("--trace", "/outside/of/everything.csv");
  assert.equal(exitCode, 4);
  assert.match(stderr, /^Cannot read '.*everything\.csv': .*; move the file there, or run: deno/);
});

Deno.test("measure() passes pairs, page order, seed and checks on to the run", async () => {
  const flags = ["--pairs", "2", "--page-order", "identity", "--seed", "7", "--checks", "1"];
  const { result } = await bench(...flags);
  const { seed, pairs, pageOrder, maxChecks } = result.options;
  assert.deepEqual({ seed, pairs, pageOrder, maxChecks }, {
    seed: 7,
    pairs: 2,
    pageOrder: "identity",
    maxChecks: 1,
  });
});

Deno.test("measure() exits 130 when Ctrl-C stops the run", async () => {
  const interrupt = new AbortController();
  interrupt.abort();
  const out = ["--out", `${FOLDER}/stopped.json`];
  const args = ["bench", "--clock", "model", "--fixture", "small-pool-preemption", ...out];
  const { exitCode, stdout } = await capture(args, { signal: interrupt.signal });
  assert.equal(exitCode, 130);
  assert.equal(stdout, "");
});

Deno.test("measure() continues with --resume, to the result that a run without a stop gives", async () => {
  const path = `${FOLDER}/resumed.json`;
  const args = ["bench", "--clock", "model", "--pairs", "3", "--out", path];
  const textOf = async () => (await Deno.readTextFile(path)).replace(/"createdAt": "[^"]*",/, "");
  assert.equal((await capture(args)).exitCode, 0);
  const whole = await textOf();
  const stop = new AbortController();
  const stopped = capture(args, { signal: stop.signal });
  // The pairs of the model clock take milliseconds; the file changes with the first of them.
  // They may also all be done between two looks, after which the file is as it was.
  let ended = false;
  stopped.finally(() => ended = true);
  while (!ended && await textOf() === whole) await new Promise((done) => setTimeout(done, 0));
  stop.abort();
  const { exitCode, stderr } = await stopped;
  if (exitCode === 130) assert.match(stderr, /[12] of 3 pairs are kept in .* --resume to continue/);
  assert.equal((await capture([...args, "--resume"])).exitCode, 0);
  const resumed = JSON.parse(await textOf());
  assert.deepEqual(resumed.sides, JSON.parse(whole).sides);
  const other = await capture([...args, "--resume", "--seed", "9"]);
  assert.equal(other.exitCode, 4);
  assert.match(other.stderr, /the options differ \(seed/);
});

Deno.test("measure() refuses to resume a run on live servers", async () => {
  const { exitCode, stderr } = await capture(["bench", "--endpoint", "http://a/v1", "--resume"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /^--resume: Cannot resume a run against live servers/);
});

Deno.test("calibrationOf() takes a card, a file of factors, or both, and reads files alone", async () => {
  const asked: string[] = [];
  const context = {
    readTextFile: (path: string) => {
      asked.push(path);
      return Promise.reject(new Deno.errors.NotFound(path));
    },
  } as unknown as CliContext;
  assert.deepEqual(await calibrationOf(context, { card: null, calibration: null }), {});
  assert.deepEqual(asked, []);
  const { calibration } = await calibrationOf(context, { card: "H100 SXM", calibration: null });
  assert.ok(calibration !== undefined);
  assert.deepEqual(asked, []);
  for (
    const o of [
      { card: "cards/own.json", calibration: null },
      { card: "own.json", calibration: null },
      { card: null, calibration: "fit.json" },
      { card: "H100 SXM", calibration: "fit.json" },
    ]
  ) {
    asked.length = 0;
    await assert.rejects(calibrationOf(context, o), Deno.errors.NotFound);
    assert.deepEqual(asked, [o.calibration ?? o.card]);
  }
});
