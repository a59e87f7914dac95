import assert from "node:assert/strict";
import { readTrace } from "./trace.ts";

const ALL = {};

Deno.test("readTrace() gives the file's name and hash beside the requests", async () => {
  await Deno.mkdir("results/tests", { recursive: true });
  const path = "results/tests/mooncake.jsonl";
  const rows = [
    { timestamp: 0, input_length: 600, output_length: 5, hash_ids: [0, 1] },
    { timestamp: 3000, input_length: 100, output_length: 7, hash_ids: [0] },
  ];
  await Deno.writeTextFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const trace = await readTrace(path, ALL);
  assert.equal(trace.name, "mooncake.jsonl");
  assert.match(trace.sha256, /^[0-9a-f]{64}$/);
  assert.deepEqual(trace.requests.map(({ arrivalMs }) => arrivalMs), [0, 3000]);
  assert.equal((await readTrace(path, { ...ALL, limit: 1 })).requests.length, 1);
});

Deno.test("readTrace() follows a link, for the user named it", async () => {
  await Deno.mkdir("results/tests", { recursive: true });
  await Deno.writeTextFile(
    "results/tests/linked-to.csv",
    "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,200,10\n",
  );
  const link = "results/tests/link.csv";
  await new Deno.Command("sh", { args: ["-c", `ln -sf linked-to.csv ${link}`] }).output();
  assert.equal((await readTrace(link, ALL)).requests.length, 1);
});

Deno.test("readTrace() rejects with the path when there is no file", async () => {
  await assert.rejects(readTrace("results/tests/none.csv", ALL), /none\.csv/);
});

Deno.test("readTrace() names a trace without a request, and what its rows were", async () => {
  const path = "results/tests/nothing.csv";
  const header = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  for (
    const [rows, what] of [["", "no rows"], ["2023-11-16 18:17:03,5,0\n", "1 no-output-tokens"]]
  ) {
    await Deno.writeTextFile(path, header + rows);
    const message = `none of its rows is a request (${what}); give`;
    await assert.rejects(readTrace(path, ALL), (error: Error) => error.message.includes(message));
  }
});
