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

Deno.test("readGateInput() reads a run per line and names the lines", async () => {
  const input = await readGateInput("bench/testdata/sglang-candidate.jsonl");
  assert.ok(input.kind === "foreign");
  assert.equal(input.runs.length, 4);
  assert.equal(input.runs[1].origin, "bench/testdata/sglang-candidate.jsonl:2");
});

Deno.test("parseGateInput() names file, line and fix when a text is not a result", () => {
  const file = "a.jsonl";
  assert.throws(() => parseGateInput("", { file }), { code: "result/not-json" });
  assert.throws(() => parseGateInput("[1]", { file }), /'a\.jsonl:1': expected one JSON object/);
  assert.throws(
    () => parseGateInput('{"total_token_throughput":1,"completed":1}\n{"torn', { file }),
    /'a\.jsonl:2:2'.*not JSON/,
  );
  const file2 = { file: "b.json" };
  assert.throws(() => parseGateInput('{"a": 1,\n "b": }\n', file2), /'b\.json:2:7'.*not JSON/);
  assert.throws(() => parseGateInput('{"x":1}', { file }), /none of the keys .*vLLM, SGLang or/);
});

Deno.test("parseGateInput() reads numbers that Python writes and JSON does not have", () => {
  const read = (rate: string) => {
    const text =
      `{"completed":1,"total_throughput":1,"tag":"NaN, Infinity","request_rate":${rate}}`;
    const input = parseGateInput(text, { file: "a.json" });
    assert.ok(input.kind === "foreign");
    return input.runs[0].settings.request_rate;
  };
  assert.equal(read("Infinity"), "inf");
  assert.equal(read('"inf"'), "inf");
  assert.equal(read("4.5"), "4.5");
  const missing = parseGateInput('{"completed":1,"total_throughput":1,"mean_ttft_ms":NaN}', {
    file: "a.json",
  });
  assert.ok(missing.kind === "foreign");
  assert.equal(missing.runs[0].meanTtftMs, null);
});

Deno.test("parseGateInput() takes vLLM's goodput key of before and after its colon for one benchmark", () => {
  const toolOf = (key: string) => {
    const text = `{"completed":1,"total_token_throughput":1,"${key}":null}`;
    const input = parseGateInput(text, { file: "a.json" });
    return input.kind === "foreign" ? input.runs[0].tool : null;
  };
  assert.deepEqual([toolOf("request_goodput:"), toolOf("request_goodput")], ["vllm", "vllm"]);
});

Deno.test("parseGateInput() says where a result of another kind is judged", () => {
  for (const kind of ["live-result", "kernel-result"]) {
    assert.throws(
      () => parseGateInput(JSON.stringify({ kind: `headwise/${kind}` }), { file: "a.json" }),
      new RegExp(`'a\\.json': it is a ${kind}.*--against`),
    );
  }
});

Deno.test("parseGateInput() reads strings without their end in linear time", () => {
  const quotes = '\\"'.repeat(200_000);
  for (const text of [`"${quotes}`, `{"a":"${quotes}`, quotes, `{"a":NaN,"b":"${quotes}`]) {
    assert.throws(
      () => parseGateInput(text, { file: "a.json" }),
      /'a\.json:1:\d+': it is not JSON/,
    );
  }
});

Deno.test("parseGateInput() refuses counts and durations that no run has", () => {
  const read = (values: object) =>
    parseGateInput(JSON.stringify({ total_token_throughput: 1, completed: 4, ...values }), {
      file: "a.json",
    });
  for (const completed of [-1, 99.5, 2 ** 53]) {
    assert.throws(() => read({ completed }), /'completed' is \S+ and not a count/);
  }
  for (const duration of [0, -20]) {
    assert.throws(() => read({ duration }), /'duration' is \S+, in which nothing/);
  }
  assert.equal(read({ duration: 0, completed: 0 }).kind, "foreign");
});
