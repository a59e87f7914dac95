import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";
import { reportOf } from "../../testing_report.ts";

Deno.test("report merge joins shards into the report of the whole run", async () => {
  const files: Record<string, string> = {};
  for (const index of [1, 2, 3]) files[`${index}`] = await reportOf("--shard", `${index}/3`);
  const merged = await capture(["report", "merge", "3", "1", "2"], { files });
  assert.equal(merged.exitCode, 0);
  const whole = { "merged.jsonl": merged.stdout };
  const { stdout } = await capture(["report", "merged.jsonl", "--enforce"], { files: whole });
  assert.match(stdout, /\n21 passed, 0 failed, 0 skipped\n$/);
  const missing = await capture(["report", "merge", "1", "3"], { files });
  assert.equal(missing.exitCode, 4);
  assert.match(missing.stderr, /shard 2 of 3 is missing/);
});

Deno.test("report merge writes to a file, and makes its folder", async () => {
  const folder = "results/tests/merge/new";
  await Deno.remove("results/tests/merge", { recursive: true }).catch(() => {});
  const files: Record<string, string> = {};
  for (const index of [1, 2]) files[`${index}`] = await reportOf("--shard", `${index}/2`);
  const plain = await capture(["report", "merge", "1", "2"], { files });
  const out = `${folder}/merged.jsonl`;
  const written = await capture(["report", "merge", "1", "2", "--out", out, "--enforce"], {
    files,
  });
  assert.deepEqual([written.exitCode, written.stdout], [0, ""]);
  assert.equal(await Deno.readTextFile(out), plain.stdout);
});
