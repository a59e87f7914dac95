import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";
import { reportOf } from "../../testing_report.ts";

/** The text of the result that a command writes. */
async function written(args: readonly string[]): Promise<string> {
  const out = `results/report_test_${crypto.randomUUID()}.json`;
  await capture([...args, "--out", out]);
  const text = await Deno.readTextFile(out);
  await Deno.remove(out);
  return text;
}

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

Deno.test("report makes one page of results of several kinds, told apart by their content", async () => {
  const out = await written(["bench", "--clock", "model"]);
  const files = { "a": out, "b": await reportOf() };
  const { stdout, exitCode } = await capture(["report", "a", "b", "--format", "html"], { files });
  assert.equal(exitCode, 0);
  assert.match(stdout, /<h1>.*Report of 2 results<\/h1>/);
  assert.match(stdout, /Benchmark of smoke[^]*Conformance of oracle/);
  assert.match(stdout, /<code>headwise bench --clock model --out results\/[\w./-]+<\/code>/);
  const text = await capture(["report", "a", "b"], { files });
  assert.match(text.stdout, /^a\nPASS {2}gate\/read[^]*\nCONFORMANT {2}oracle/);
});

Deno.test("report writes the file whole, in the form that its ending stands for", async () => {
  const files = { "a": await reportOf() };
  const folder = `results/report_test_${crypto.randomUUID()}`;
  try {
    const path = `${folder}/deeper/x.html`;
    const { stdout, stderr, exitCode } = await capture(["report", "a", "-o", path], { files });
    assert.deepEqual([stdout, stderr, exitCode], ["", `Report written to '${path}'\n`, 0]);
    assert.match(await Deno.readTextFile(path), /^<!doctype html>/);
    assert.equal([...Deno.readDirSync(`${folder}/deeper`)].length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("report --enforce exits by the worst verdict of all files", async () => {
  const pass = await written(["bench", "--clock", "model"]);
  const fail = await written(["bench", "--clock", "model", "--window", "0"]);
  const files = { pass, fail, "runs": await reportOf() };
  const codeOf = async (...names: string[]): Promise<number> =>
    (await capture(["report", ...names, "--enforce"], { files })).exitCode;
  assert.equal(await codeOf("pass", "runs"), 0);
  assert.equal(await codeOf("runs", "fail", "pass"), 1);
});

Deno.test("report exits 4 when a form does not suit a file", async () => {
  const files = { "a": await written(["bench", "--clock", "model"]), "b": await reportOf() };
  for (const [file, format] of [["a", "junit"], ["b", "csv"], ["b", "perfetto"]]) {
    const { exitCode, stderr } = await capture(["report", file, "--format", format], { files });
    assert.equal(exitCode, 4);
    assert.match(stderr, new RegExp(`Cannot write '${file}' as ${format}: .*; use html`));
  }
});

Deno.test("report exits 4 when a file is not a report or was changed", async () => {
  const files = { "x.jsonl": "{}\n", "y.jsonl": (await reportOf()).replace('"pass"', '"pass" ') };
  for (const file of ["x.jsonl", "y.jsonl", "missing.jsonl"]) {
    const { exitCode, stderr } = await capture(["report", file], { files });
    assert.equal(exitCode, 4, stderr);
    assert.ok(stderr.includes(file), stderr);
  }
});

Deno.test("report names line and column of a file that is not a result", async () => {
  const files = { "x.json": '{\n  "kind": "headwise/bench-result",\n  "schemaVersion": 9\n}' };
  const { exitCode, stderr } = await capture(["report", "x.json"], { files });
  assert.equal(exitCode, 4);
  assert.match(stderr, /'x\.json:3:20': its schema version is 9 and this build reads 1 and 2/);
});

Deno.test("report writes no control character into a file of text", async () => {
  const file = "results/tests/report\u009b2J\u202e.txt.json";
  const files = { [file]: await written(["bench", "--clock", "model"]) };
  const out = `results/report_test_${crypto.randomUUID()}.txt`;
  const run = await capture(["report", file, file, "--format", "text", "--out", out], { files });
  assert.equal(run.exitCode, 0, run.stderr);
  const text = await Deno.readTextFile(out);
  await Deno.remove(out);
  assert.match(text, /^results\/tests\/report\\u009b2J\\u202e/);
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
});
