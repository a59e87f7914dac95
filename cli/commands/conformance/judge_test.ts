import assert from "node:assert/strict";
import { RENDERINGS, RUN_NAME_VARIABLES, SHARD_VARIABLES } from "../../../conformance/mod.ts";
import { JOB_VARIABLES, REPORT_FORMATS } from "../../settings/report.ts";
import { capture } from "../../testing_context.ts";

const QUICK = ["conformance", "--subject", "oracle", "--filter", "allocator:availability"];
const OUT = `results/judge_test_${crypto.randomUUID()}.jsonl`;

async function judge(args: readonly string[], world: Parameters<typeof capture>[1] = {}) {
  const run = await capture([...QUICK, "--out", OUT, ...args], world);
  await Deno.remove(OUT).catch(() => {});
  return run;
}

function rowOf(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout.split("\n")[0]!);
}

Deno.test("conformance takes its shard from the surrounding job unless a flag says otherwise", async () => {
  const environment = { JOB_COMPLETION_INDEX: "1", JOB_COMPLETION_COUNT: "3" };
  const job = rowOf((await judge(["--json"], { environment })).stdout);
  assert.deepEqual(job["shard"], { index: 2, count: 3 });
  const flag = rowOf((await judge(["--json", "--shard", "1/2"], { environment })).stdout);
  assert.deepEqual(flag["shard"], { index: 1, count: 2 });
  const half = await judge([], { environment: { JOB_COMPLETION_INDEX: "1" } });
  assert.equal(half.exitCode, 2);
  assert.match(half.stderr, /"JOB_COMPLETION_COUNT" is not/);
});

Deno.test("conformance writes seed, command line and environment into its report", async () => {
  const row = rowOf((await judge(["--json", "--seed", "7"])).stdout);
  assert.equal(row["seed"], 7);
  assert.match(String(row["commandLine"]), /^headwise conformance --subject oracle .*--seed 7/);
  assert.equal((row["environment"] as { deno: string }).deno, Deno.version.deno);
});

Deno.test("conformance exits 1 and is loud when a case passes that is known to fail", async () => {
  const entry = "{ query: 'allocator:availability', reason: r, issue: 'https://example.org/1', ";
  const files = { "known.yaml": `expectations: [${entry} expires: 2999-01-01 }]` };
  const run = await judge(["--expectations", "known.yaml"], { files });
  assert.equal(run.exitCode, 1);
  assert.match(run.stdout, /^UNEXPECTED PASS {2}allocator:availability/);
});

Deno.test("conformance exits 2 when an expectation matches no case of the suite", async () => {
  const entry = "{ query: nowhere, reason: r, issue: 'https://example.org/1', ";
  const files = { "known.yaml": `expectations: [${entry} expires: 2999-01-01 }]` };
  const run = await judge(["--expectations", "known.yaml"], { files });
  assert.equal(run.exitCode, 2);
  assert.match(run.stderr, /matches no case/);
});

Deno.test("conformance fuzzes as much as it is told, from the seed that it is told", async () => {
  const args = ["conformance", "--subject", "oracle", "--filter", "fuzz:allocator"];
  const { stdout } = await capture([...args, "--fuzz", "30", "--seed", "5", "--out", OUT]);
  await Deno.remove(OUT);
  assert.match(stdout, /fuzz:allocator:commands:layout=pooled;seed=5;sequences=10: 10 sequences/);
});

Deno.test("conformance replays sequences that were kept", async () => {
  const files = {
    "kept.json": await Deno.readTextFile(
      new URL("../../../conformance/regressions/allocator.json", import.meta.url),
    ),
  };
  const args = ["conformance", "--subject", "oracle", "--filter", "regression:local"];
  const run = await capture([...args, "--regressions", "kept.json", "--out", OUT], { files });
  await Deno.remove(OUT);
  assert.equal(run.exitCode, 0);
  assert.match(run.stdout, /\n13 passed, 0 failed, 0 skipped\n$/);
});

Deno.test("conformance continues with --resume where a run was stopped, and runs no case twice", async () => {
  const out = `results/resume_test_${crypto.randomUUID()}.jsonl`;
  const args = ["conformance", "--subject", "oracle", "--filter", "allocator", "--out", out];
  const stop = new AbortController();
  const stopped = capture(args, { signal: stop.signal });
  const linesOf = async (): Promise<string[]> =>
    (await Deno.readTextFile(out).catch(() => "")).split("\n").slice(0, -1);
  let ended = false;
  stopped.finally(() => ended = true);
  while (!ended && (await linesOf()).length < 4) await new Promise((done) => setTimeout(done, 1));
  stop.abort();
  const { exitCode, stderr } = await stopped;
  assert.equal(exitCode, 130);
  assert.match(
    stderr,
    /Stopped after \d+ of \d+ cases, .*; continue with: headwise .* --resume\n$/,
  );
  const kept = (await linesOf()).slice(0, -1);
  // A killed process leaves no end, and may leave half a row.
  await Deno.writeTextFile(out, `${kept.join("\n")}\n{"kind":"ca`);
  const { exitCode: done, stdout } = await capture([...args, "--resume", "--json"]);
  assert.equal(done, 0);
  const lines = await linesOf();
  const parsed = (some: readonly string[]): unknown[] => some.map((line) => JSON.parse(line));
  assert.deepEqual(parsed(lines.slice(0, kept.length)), parsed(kept));
  assert.equal(stdout, `${lines.join("\n")}\n`);
  const queries = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "case")
    .map(({ query }) => query);
  assert.equal(new Set(queries).size, JSON.parse(lines[0]!).cases);
  assert.equal(queries.length, new Set(queries).size);
  const files = { [out]: await Deno.readTextFile(out) };
  const whole = await capture(["report", out], { files });
  assert.match(whole.stdout, / 0 failed, /);
  const other = await capture([...args, "--resume", "--seed", "5"]);
  assert.equal(other.exitCode, 4);
  assert.match(other.stderr, /Cannot resume .*: its "seed" is 1, and that of this run is 5/);
  assert.deepEqual(await linesOf(), lines);
  await Deno.remove(out);
});

Deno.test("JOB_VARIABLES and REPORT_FORMATS are those of the suite, which is loaded later", () => {
  const known = [...SHARD_VARIABLES, ...RUN_NAME_VARIABLES];
  assert.deepEqual(JOB_VARIABLES.toSorted(), known.toSorted());
  assert.deepEqual(REPORT_FORMATS, ["text", ...RENDERINGS]);
});
