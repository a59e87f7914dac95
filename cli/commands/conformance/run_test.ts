import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";
import { fuzzOptionsOf } from "./run.ts";

const QUICK = ["conformance", "--subject", "oracle", "--filter", "allocator:availability"];

Deno.test("conformance exits 0 and ends with the counts when the subject conforms", async () => {
  const { exitCode, stdout } = await capture(QUICK);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^CONFORMANT {2}oracle[\s\S]*\n\d+ passed, 0 failed, 0 skipped\n$/);
});

Deno.test("conformance --json prints one JSON object per line and nothing else", async () => {
  const { stdout } = await capture([...QUICK, "--json"]);
  const rows = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(rows[0].kind, "run");
  assert.equal(rows.at(-1).kind, "end");
  assert.equal(rows.length, rows[0].cases + 2);
});

Deno.test("conformance --list names cases that --filter finds again", async () => {
  const { stdout } = await capture([...QUICK, "--list"]);
  const [first] = stdout.split("\n");
  const again = await capture(["conformance", "--list", "--filter", first!]);
  assert.equal(again.stdout, `${first}\n`);
});

Deno.test("conformance exits 2 when no case matches or the filter is no query", async () => {
  const none = await capture(["conformance", "--subject", "oracle", "--filter", "nowhere"]);
  assert.equal(none.exitCode, 2);
  assert.match(none.stderr, /^--filter: No case matches 'nowhere'; --list shows every case\n/);
  const broken = await capture(["conformance", "--subject", "oracle", "--filter", "A:B"]);
  assert.equal(broken.exitCode, 2);
  assert.match(broken.stderr, /^Cannot read the query/);
});

Deno.test("conformance --format prints the report in that form alone", async () => {
  const junit = await capture([...QUICK, "--format", "junit"]);
  assert.match(junit.stdout, /^<\?xml[\s\S]*<\/testsuites>\n$/);
  const tap = await capture([...QUICK, "--format", "tap"]);
  assert.match(tap.stdout, /^TAP version 1\d\n/);
});

Deno.test("conformance names the likely query, for a run and for a list", async () => {
  for (const list of [[], ["--list"]]) {
    const args = [
      "conformance",
      "--subject",
      "oracle",
      ...list,
      "--filter",
      "allocator kernl:atend",
    ];
    const { exitCode, stderr } = await capture(args);
    assert.equal(exitCode, 2);
    assert.match(stderr, /No case matches 'kernl:atend'; did you mean 'kernel:attend'\?/);
  }
});

Deno.test("conformance names the likely subject", async () => {
  const { exitCode, stderr } = await capture(["conformance", "--subject", "orcale"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /or dump:FILE; did you mean 'oracle'\?/);
});

Deno.test("conformance counts its cases on a terminal, up to the last one", async () => {
  const { stderr, stdout } = await capture(QUICK, { isTerminal: true });
  const cases = Number(/(\d+) passed/.exec(stdout)![1]);
  assert.ok(cases > 1);
  assert.ok(stderr.includes(`1 of ${cases} cases`), stderr.slice(0, 300));
  assert.doesNotMatch(stderr, new RegExp(`(?:0|${cases + 1}) of ${cases} cases`));
});

Deno.test("fuzzOptionsOf() gives the usual amount five seconds, and one that is asked for its case's time", () => {
  const of = (kind: "default" | "flag", timeoutMs: number) =>
    fuzzOptionsOf(
      {
        values: { fuzz: 300, seed: 7, timeoutMs },
        origins: { fuzz: { kind, text: "--fuzz" } },
      } as unknown as Parameters<typeof fuzzOptionsOf>[0],
    );
  assert.deepEqual(of("default", 600_000), { sequences: 300, seed: 7, timeLimitMs: 5000 });
  assert.equal(of("flag", 600_000).timeLimitMs, 480_000);
  assert.equal(of("flag", 1001).timeLimitMs, 801);
});
