import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";

const FOLDER = "results/tests/gate";

async function resultOf(name: string): Promise<string> {
  const out = `${FOLDER}/${name}.json`;
  await capture(["bench", "--clock", "model", "--out", out]);
  return out;
}

Deno.test("gate exits 0 when the candidate clears the threshold", async () => {
  const path = await resultOf("passed");
  const sides = ["--baseline-side", "uniform", "--candidate-side", "headwise"];
  const { exitCode, stdout } = await capture(["gate", path, path, ...sides, "--json"]);
  assert.equal(JSON.parse(stdout).verdict, "PASS");
  assert.equal(exitCode, 0);
});

Deno.test("gate exits 1 when the candidate is no better than the baseline", async () => {
  const path = await resultOf("failed");
  const sides = ["--baseline-side", "headwise", "--candidate-side", "headwise"];
  const { exitCode, stdout } = await capture(["gate", path, path, ...sides]);
  assert.match(stdout, /^FAIL {2}gate\/read {2}headwise against headwise/);
  assert.equal(exitCode, 1);
});

Deno.test("gate exits 3 when one measured pair cannot decide", async () => {
  const path = await resultOf("measured");
  const result = JSON.parse(await Deno.readTextFile(path));
  result.clock.deterministic = false;
  await Deno.writeTextFile(path, JSON.stringify(result));
  const { exitCode, stdout } = await capture(["gate", path, path, "--gate", "read"]);
  assert.match(stdout, /^INCONCLUSIVE/);
  assert.equal(exitCode, 3);
});

Deno.test("gate exits 4 for a measured run that both files hold, and names both", async () => {
  const path = await resultOf("one");
  const result = JSON.parse(await Deno.readTextFile(path));
  result.clock.deterministic = false;
  await Deno.writeTextFile(path, JSON.stringify(result));
  const copy = `${FOLDER}/copy-of-one.json`;
  result.createdAt = "2099-01-01T00:00:00.000Z";
  result.sides.reverse();
  const reversed = Object.fromEntries(Object.entries(result).reverse());
  await Deno.writeTextFile(copy, JSON.stringify(reversed, null, 4));
  const accepted = ["--accept-unpaired", "--accept-point-estimate"];
  const side = ["--baseline-side", "headwise", "--candidate-side", "headwise", "--gate", "read"];
  for (const more of [[], side]) {
    const { exitCode, stderr, stdout } = await capture(["gate", path, copy, ...accepted, ...more]);
    assert.equal(exitCode, 4, stdout);
    assert.ok(stderr.includes(`'${path}' and '${copy}' hold the same measured run`), stderr);
  }
});

async function slowed(path: string, factor: number): Promise<string> {
  const result = JSON.parse(await Deno.readTextFile(path));
  for (const side of result.sides) {
    for (const { performance } of side.runs) {
      performance.whole.ttftMs.mean *= factor;
      performance.whole.tbtMs.mean *= factor;
    }
  }
  const out = `${FOLDER}/slowed.json`;
  await Deno.writeTextFile(out, JSON.stringify(result));
  return out;
}

Deno.test("gate compares each side of two results with itself", async () => {
  const before = await resultOf("before");
  const itself = await capture(["gate", before, before]);
  assert.match(itself.stderr, /hold the same measured run/);
  assert.equal(itself.exitCode, 4);
  const again = `${FOLDER}/again.json`;
  const result = JSON.parse(await Deno.readTextFile(before));
  await Deno.writeTextFile(again, JSON.stringify({ ...result, createdAt: "2026-01-01T00:00:00Z" }));
  const same = await capture(["gate", before, again]);
  assert.match(same.stdout, /^PASS {2}gate\/regression {2}no side worse than 2\.0 %/);
  assert.equal(same.exitCode, 0);
  // Slower by far, and still faster than the uniform side of before.
  const after = await slowed(before, 1.03);
  const slower = await capture(["gate", before, after]);
  assert.match(slower.stdout, /^FAIL {2}gate\/regression/);
  assert.equal(slower.exitCode, 1);
  const allowed = await capture(["gate", before, after, "--max-regression", "5%"]);
  assert.equal(allowed.exitCode, 0);
});

Deno.test("gate refuses a margin where thresholds are fixed, and two sides of a regression", async () => {
  const path = await resultOf("margin");
  const margin = ["--max-regression", "0.1"];
  const fixed = await capture(["gate", path, path, "--gate", "read", ...margin]);
  assert.match(fixed.stderr, /Cannot use --max-regression with --gate read/);
  const sides = ["--baseline-side", "uniform", "--candidate-side", "headwise"];
  const two = await capture(["gate", path, path, ...sides, ...margin]);
  assert.match(two.stderr, /regression of two different sides/);
  assert.notEqual(two.exitCode, 0);
});

Deno.test("gate exits 4 when the two replayed different things", async () => {
  const path = await resultOf("one");
  const other = `${FOLDER}/other.json`;
  await capture(["bench", "--clock", "model", "--seed", "99", "--out", other]);
  const { exitCode, stderr } = await capture(["gate", path, other]);
  assert.equal(exitCode, 4);
  assert.match(stderr, /^Cannot compare the results: seed is '1' in one and '99' in the other/);
});

Deno.test("gate exits 4 when a file is missing or is not a result", async () => {
  assert.equal((await capture(["gate", "results/none.json", "results/none.json"])).exitCode, 4);
  const { exitCode, stderr } = await capture(["gate", "deno.json", "deno.json"]);
  assert.equal(exitCode, 4);
  assert.match(stderr, /deno\.json/);
});

Deno.test("gate reads other benchmarks' results and says what they allow", async () => {
  const files = ["baseline", "candidate"].map((side) => `bench/testdata/vllm-${side}.json`);
  const open = await capture(["gate", ...files]);
  assert.equal(open.exitCode, 3);
  assert.match(open.stdout, /^INCONCLUSIVE {2}gate\/read {2}vllm results, 1 against 1 run/);
  assert.match(open.stdout, /aggregates only: the ratio of means and no interval/);
  assert.match(open.stdout, /--accept-point-estimate/);
  const accepted = await capture(["gate", ...files, "--accept-point-estimate"]);
  assert.equal(accepted.exitCode, 0);
  const { stdout } = await capture(["gate", ...files, "--json"]);
  assert.equal(JSON.parse(stdout).statistics, "aggregates");
});

Deno.test("gate exits 4 when one file is ours and the other is not", async () => {
  const own = await resultOf("mixed");
  const { exitCode, stderr } = await capture(["gate", own, "bench/testdata/vllm-candidate.json"]);
  assert.equal(exitCode, 4);
  assert.match(stderr, /one is a result of this tool/);
});

Deno.test("gate compares one side alone where one is named, once or twice", async () => {
  const before = await resultOf("one-side");
  const after = await slowed(before, 1.03);
  for (const names of [["candidate"], ["baseline"], ["candidate", "baseline"]]) {
    const named = names.flatMap((name) => [`--${name}-side`, "headwise"]);
    const flags = [...named, "--max-regression", "5%", "--json"];
    const { exitCode, stdout } = await capture(["gate", before, after, ...flags]);
    assert.equal(exitCode, 0, stdout);
    const report = JSON.parse(stdout);
    assert.equal(report.gate, "gate/regression");
    const sides = report.sides.map(({ candidate }: { candidate: string }) => candidate);
    assert.deepEqual(sides, ["headwise"], stdout);
  }
  const whole = await capture(["gate", before, after, "--gate", "regression", "--json"]);
  assert.equal(whole.exitCode, 1);
  assert.ok(JSON.parse(whole.stdout).sides.length > 1);
});

Deno.test("gate judges capacity when asked, and other benchmarks by a margin that is stated", async () => {
  const path = await resultOf("capacity");
  const refused = await capture(["gate", path, path, "--gate", "capacity"]);
  assert.match(refused.stderr, /^Cannot judge side .pooled.: .*replay it with the gate/);
  const files = ["baseline", "candidate"].map((side) => `bench/testdata/vllm-${side}.json`);
  const margin = ["--max-regression", "10%", "--json"];
  const foreign = await capture(["gate", ...files, ...margin]);
  assert.equal(JSON.parse(foreign.stdout).gate, "gate/regression");
});

Deno.test("gate exits 4 whichever of the two files is not ours", async () => {
  const own = await resultOf("mixed-order");
  const { exitCode, stderr } = await capture(["gate", "bench/testdata/vllm-candidate.json", own]);
  assert.equal(exitCode, 4);
  assert.ok(stderr.includes(`'bench/testdata/vllm-candidate.json' with '${own}'`), stderr);
});
