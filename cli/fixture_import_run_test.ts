import assert from "node:assert/strict";
import { capture } from "./testing_context.ts";

const TRACE = `TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:17:03.9799600,4808,10
2023-11-16 18:17:04.0319600,3180,8
2023-11-16 18:17:05.1319600,110,27
`;

async function traceFile(): Promise<string> {
  await Deno.mkdir("results/tests", { recursive: true });
  const path = "results/tests/trace.csv";
  await Deno.writeTextFile(path, TRACE);
  return path;
}

Deno.test("fixture import accounts for every row and writes the requests", async () => {
  const out = "results/tests/requests.jsonl";
  const path = await traceFile();
  const { exitCode, stdout } = await capture(["fixture", "import", path, "--out", out]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^format +azure$/m);
  assert.match(stdout, /^rows read +3/m);
  assert.match(stdout, /^rows taken +3/m);
  const lines = (await Deno.readTextFile(out)).trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.deepEqual(lines.map(({ inputTokens, outputTokens }) => [inputTokens, outputTokens]), [
    [4808, 10],
    [3180, 8],
    [110, 27],
  ]);
});

Deno.test("fixture import takes only the first requests with --limit", async () => {
  const path = await traceFile();
  const { stdout } = await capture(["fixture", "import", path, "--limit", "2", "--json"]);
  assert.equal(JSON.parse(stdout).rowsEmitted, 2);
});

Deno.test("fixture import exits 4 with the place when a row is malformed", async () => {
  const path = "results/tests/malformed.csv";
  await Deno.mkdir("results/tests", { recursive: true });
  await Deno.writeTextFile(path, TRACE.replace("3180", "many"));
  const { exitCode, stderr } = await capture(["fixture", "import", path]);
  assert.equal(exitCode, 4);
  assert.match(stderr, /^results\/tests\/malformed\.csv:3:\d+: error /);
});
