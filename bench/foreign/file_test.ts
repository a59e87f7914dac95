import assert from "node:assert/strict";
import { parseGateInput, readGateInput } from "./file.ts";
import { serializeResult } from "../result/file.ts";
import { tinyResult } from "../run/test_support.ts";

Deno.test("parseGateInput() reads our own results", async () => {
  const result = await tinyResult();
  const input = parseGateInput(serializeResult(result), { file: "own.json" });
  assert.ok(input.kind === "own");
  assert.equal(input.result.workload.name, "tiny");
});

Deno.test("readGateInput() reads a run a line and names the lines", async () => {
  const input = await readGateInput("bench/testdata/sglang-candidate.jsonl");
  assert.ok(input.kind === "foreign");
  assert.equal(input.runs.length, 4);
  assert.equal(input.runs[1].origin, "bench/testdata/sglang-candidate.jsonl:2");
});

Deno.test("parseGateInput() names file, line and fix when a text is no result", () => {
  const file = "a.jsonl";
  assert.throws(() => parseGateInput("", { file }), { code: "result/not-json" });
  assert.throws(() => parseGateInput("[1]", { file }), /'a\.jsonl:1': expected one JSON object/);
  assert.throws(
    () => parseGateInput('{"total_token_throughput":1,"completed":1}\n{"torn', { file }),
    /'a\.jsonl:2'/,
  );
  assert.throws(() => parseGateInput('{"x":1}', { file }), /none of the keys .*vLLM, SGLang or/);
});
