import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";

const FOLDER = "results/tests/calibrate-cli";
await Deno.mkdir(FOLDER, { recursive: true });

/** A workload of fixed lengths, and vLLM results of it at two loads. */
async function prepare(name: string): Promise<{ fixture: string; results: string[] }> {
  const fixture = `${FOLDER}/${name}.yaml`;
  await Deno.writeTextFile(
    fixture,
    [
      `name: ${name}`,
      "description: made up",
      "model: ernie-4.5-21b-a3b",
      "cache: { pageSizeTokens: 64, pages: 4096 }",
      "scheduler: { maxSequences: 64, maxBatchedTokens: 8192, modelLengthTokens: 8192, profile: vllm-v1 }",
      "requests:",
      "  kind: synthetic",
      "  count: 8",
      "  arrivals: { kind: all-at-once }",
      "  inputTokens: { kind: fixed, tokens: 512 }",
      "  outputTokens: { kind: fixed, tokens: 32 }",
      "seed: 3",
    ].join("\n"),
  );
  const results: string[] = [];
  for (const [concurrency, tpot] of [[2, 9], [8, 14]]) {
    const path = `${FOLDER}/${name}-${concurrency}.json`;
    await Deno.writeTextFile(
      path,
      JSON.stringify({
        date: "20260101-000000",
        endpoint_type: "vllm",
        model_id: "m",
        num_prompts: 8,
        request_rate: "inf",
        max_concurrency: concurrency,
        duration: 1,
        completed: 8,
        failed: 0,
        total_input_tokens: 8 * 512,
        total_output_tokens: 8 * 32,
        request_throughput: 8,
        output_throughput: 256,
        total_token_throughput: 4352,
        mean_ttft_ms: 60,
        mean_tpot_ms: tpot,
        mean_itl_ms: tpot,
      }),
    );
    results.push(path);
  }
  return { fixture, results };
}

Deno.test("calibrate --from fits factors, states their error, and bench uses the file", async () => {
  const { fixture, results } = await prepare("fit");
  const out = `${FOLDER}/fit-of-two.json`;
  const { stdout, exitCode, stderr } = await capture([
    "calibrate",
    "--from",
    results.join(","),
    "--fixture",
    fixture,
    "--card",
    "H100",
    "--factors",
    "weightReads",
    "--out",
    out,
  ]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /fit on H100 \(measured\), 2 results/);
  assert.match(stdout, /weightReads {2}\d\.\d{3}/);
  assert.match(stdout, /leaving each result out: median error/);
  const fit = JSON.parse(await Deno.readTextFile(out));
  assert.equal(fit.card, "H100");
  assert.equal(fit.fittedTo.length, 2);
  const bench = await capture([
    "bench",
    "--fixture",
    "smoke",
    "--clock",
    "model",
    "--calibration",
    out,
    "--out",
    `${FOLDER}/bench.json`,
  ], { files: { [out]: JSON.stringify(fit) } });
  assert.equal(bench.exitCode, 0, bench.stderr);
  assert.match(
    bench.stdout.replaceAll(/\s+/g, " "),
    /the profile of H100 \(measured [\d-]+\), fitted to/,
  );
  assert.match(bench.stdout, /model clock on H100's profile ±\d+ % model/);
});

Deno.test("calibrate refuses fewer results than factors, and what it lacks", async () => {
  const { fixture, results } = await prepare("few");
  const fit = ["calibrate", "--from", results[0], "--fixture", fixture];
  const few = await capture([...fit, "--card", "H100", "--factors", "products,weightReads"]);
  assert.notEqual(few.exitCode, 0);
  assert.match(few.stderr, /Cannot fit 2 factors \(products, weightReads\) to 1 results/);
  const copy = `${FOLDER}/copy.json`;
  await Deno.writeTextFile(copy, ` ${await Deno.readTextFile(results[0])}\n`);
  fit[2] = `${results[0]},${copy}`;
  const twice = await capture([...fit, "--card", "H100", "--factors", "products,weightReads"]);
  assert.equal(twice.exitCode, 4);
  assert.match(twice.stderr, /hold the same measured run/);
  assert.match((await capture(fit)).stderr, /--card: Cannot calibrate without it/);
  assert.match(
    (await capture(["calibrate"])).stderr,
    /give one of --profile, --all-reduce, --from/,
  );
  const both = await capture(["calibrate", "--profile", "--batches"]);
  assert.match(both.stderr, /not --profile and --batches/);
});

Deno.test("calibrate --batches writes steps of both kinds and the scripts that run them", async () => {
  const { fixture } = await prepare("steps");
  const out = `${FOLDER}/steps/batches.json`;
  const { exitCode, stdout, stderr } = await capture([
    "calibrate",
    "--batches",
    "--fixture",
    fixture,
    "--steps",
    "3",
    "--out",
    out,
  ]);
  assert.equal(exitCode, 0, stderr);
  const { steps, model } = JSON.parse(await Deno.readTextFile(out));
  assert.equal(model.experts, 64);
  assert.ok(steps.length >= 4);
  assert.ok(steps.some(({ queries }: { queries: number[] }) => queries.some((query) => query > 1)));
  assert.match(stdout, /python3 .*steps\/model_loop\.py/);
  const script = await Deno.readTextFile(`${FOLDER}/steps/model_loop.py`);
  assert.match(script, /headwise-loop\/1/);
});

Deno.test("calibrate --profile says what the script needs where no card answers, and keeps nothing", async () => {
  const out = `${FOLDER}/no-card.json`;
  const { exitCode, stderr } = await capture(["calibrate", "--profile", "--out", out]);
  assert.notEqual(exitCode, 0);
  assert.match(stderr, /Cannot (measure this machine's card|run python3)/);
  await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
});
