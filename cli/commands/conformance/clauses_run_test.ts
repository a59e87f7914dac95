import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";

Deno.test("clauses lists every section and clause", async () => {
  const { exitCode, stdout } = await capture(["clauses"]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^1 Layouts$/m);
  assert.match(stdout, /^ {2}slot\/swap-rows {2}MUST {2}\d+ tests$/m);
});

Deno.test("clauses counts the tests of each clause, and says why one has none", async () => {
  const [listed, shown] = [await capture(["clauses", "--json"]), await capture(["clauses"])];
  assert.match(shown.stdout, /^0 \w/);
  const counts = new Set<number>();
  for (const { id, level, tests, pending } of JSON.parse(listed.stdout)) {
    const { length } = tests;
    const covered = length === 0
      ? `no test: ${pending ?? "not in the pending list either"}`
      : `${length} ${length === 1 ? "test" : "tests"}`;
    assert.ok(shown.stdout.includes(`\n  ${id}  ${level}  ${covered}\n`), `${id}: ${covered}`);
    counts.add(Math.min(2, length));
  }
  assert.ok(counts.has(1) && counts.has(2));
});

Deno.test("clauses --uncovered gives a reason for every clause without a test", async () => {
  const { stdout } = await capture(["clauses", "--uncovered", "--json"]);
  for (const { id, tests, pending } of JSON.parse(stdout)) {
    assert.deepEqual(tests, [], id);
    assert.ok(pending === null || pending.length > 0, id);
  }
});

Deno.test("clauses shows the clauses that are named, and names the likely one", async () => {
  const { stdout } = await capture(["clauses", "pool/conservation", "slot/swap-rows", "--json"]);
  const ids = JSON.parse(stdout).map(({ id }: { id: string }) => id).sort();
  assert.deepEqual(ids, ["pool/conservation", "slot/swap-rows"]);
  const misspelt = await capture(["clauses", "pool/conservaton"]);
  assert.equal(misspelt.exitCode, 2);
  assert.equal(
    misspelt.stderr,
    "CLAUSE: No clause has the id 'pool/conservaton'; did you mean 'pool/conservation'?\n",
  );
});
