import assert from "node:assert/strict";
import { capture } from "./testing_context.ts";
import { reportOf } from "./testing_report.ts";

Deno.test("report shows a run as the run itself did, and the exit code only when asked", async () => {
  const files = { "a.jsonl": await reportOf() };
  const { stdout, exitCode } = await capture(["report", "a.jsonl"], { files });
  assert.equal(exitCode, 0);
  assert.match(stdout, /^CONFORMANT {2}oracle[\s\S]*\n21 passed, 0 failed, 0 skipped\n$/);
});

Deno.test("report shows a run that was killed as far as it went", async () => {
  const text = await reportOf();
  const files = { "cut.jsonl": text.slice(0, text.length / 2) };
  const { stdout } = await capture(["report", "cut.jsonl"], { files });
  assert.match(stdout, /^The run ended after \d+ of 21 cases\nINCOMPLETE/);
  const enforced = await capture(["report", "cut.jsonl", "--enforce"], { files });
  assert.equal(enforced.exitCode, 3);
});

Deno.test("report renders several runs as one page, and refuses them where a form takes one", async () => {
  const text = await reportOf();
  const files = { "a.jsonl": text, "b.jsonl": text };
  const page = await capture(["report", "a.jsonl", "b.jsonl", "--format", "html"], { files });
  assert.match(page.stdout, /^<!doctype html>/);
  const badge = await capture(["report", "a.jsonl", "b.jsonl", "--format", "badge"], { files });
  assert.equal(badge.exitCode, 4);
  assert.match(badge.stderr, /it takes one/);
});

Deno.test("report exits 4 when a file is no report or was changed", async () => {
  const files = { "x.jsonl": "{}\n", "y.jsonl": (await reportOf()).replace('"pass"', '"pass" ') };
  for (const file of ["x.jsonl", "y.jsonl", "missing.jsonl"]) {
    const { exitCode, stderr } = await capture(["report", file], { files });
    assert.equal(exitCode, 4, stderr);
    assert.ok(stderr.includes(file), stderr);
  }
});
