import assert from "node:assert/strict";
import { type ForeignRecord, recogniseTool, toForeignRun } from "./run.ts";

async function load(name: string): Promise<ForeignRecord> {
  return JSON.parse(await Deno.readTextFile(`bench/testdata/${name}`));
}

Deno.test("recogniseTool() tells the three benchmarks apart by keys that only one writes", async () => {
  const [sglang] = (await Deno.readTextFile("bench/testdata/sglang-baseline.jsonl")).split("\n");
  assert.deepEqual(recogniseTool(await load("vllm-baseline.json")), {
    tool: "vllm",
    key: "total_token_throughput",
  });
  assert.equal(recogniseTool(JSON.parse(sglang))?.tool, "sglang");
  assert.deepEqual(recogniseTool(await load("fastdeploy-baseline.json")), {
    tool: "fastdeploy",
    key: "infer_input_lens",
  });
  assert.equal(recogniseTool({ hello: 1 }), null);
});

Deno.test("toForeignRun() reads goodput with and without the colon in its key", async () => {
  const { "request_goodput:": goodput, ...rest } = await load("fastdeploy-baseline.json");
  assert.equal(toForeignRun({ ...rest, "request_goodput:": goodput }, "a").goodputPerSecond, 1.5);
  const fixed = toForeignRun({ ...rest, "request_goodput": goodput }, "a");
  assert.equal(fixed.goodputPerSecond, 1.5);
  assert.equal(fixed.tool, "fastdeploy");
  assert.equal(toForeignRun(await load("vllm-baseline.json"), "b").goodputPerSecond, null);
});

Deno.test("toForeignRun() turns raw values from seconds to milliseconds", async () => {
  const record = await load("vllm-detailed-baseline.json");
  const run = toForeignRun(record, "a");
  const mean = run.requests!.ttftMs.reduce((sum: number, value) => sum + value!, 0) / run.completed;
  assert.ok(Math.abs(mean - run.meanTtftMs!) < 0.01);
  assert.equal(run.requests!.inputTokens.length, run.completed);
  assert.equal(toForeignRun(await load("vllm-baseline.json"), "a").requests, null);
});

Deno.test("toForeignRun() is null and never 0 for what was not measured", async () => {
  const record = await load("vllm-detailed-baseline.json");
  const ttfts = [0, ...(record.ttfts as number[]).slice(1)];
  const run = toForeignRun({ ...record, mean_itl_ms: 0, ttfts, request_throughput: null }, "a");
  assert.equal(run.meanGapMs, null);
  assert.equal(run.requestsPerSecond, null);
  assert.equal(run.requests!.ttftMs[0], null);
  assert.equal(run.requests!.gapMs[0], null);
  const nothing = toForeignRun({ ...record, completed: 0, mean_ttft_ms: 0 }, "a");
  assert.equal(nothing.meanTtftMs, null);
});

Deno.test("toForeignRun() counts failures by what the file has", async () => {
  const { failed: _, ...record } = await load("vllm-detailed-baseline.json");
  assert.equal(toForeignRun({ ...record, failed: 2 }, "a").failed, 2);
  assert.equal(toForeignRun({ ...record, completed: 5 }, "a").failed, 3);
  const { num_prompts: __, ...bare } = record;
  const errors = ["", "timeout", "", "", "", "", "", ""];
  assert.equal(toForeignRun({ ...bare, errors }, "a").failed, 1);
  const { errors: ___, ...silent } = bare as Record<string, unknown>;
  assert.equal(toForeignRun(silent, "a").failed, null);
});

Deno.test("toForeignRun() names the key that is not a number", () => {
  const record = JSON.parse(
    '{"total_token_throughput":1,"completed":3,"mean_ttft_ms":"fast"}',
  );
  assert.throws(() => toForeignRun(record, "a"), /'mean_ttft_ms' is "fast" and not a number/);
  assert.throws(
    () => toForeignRun(JSON.parse('{"total_token_throughput":1}'), "a"),
    /no number 'completed'/,
  );
});
