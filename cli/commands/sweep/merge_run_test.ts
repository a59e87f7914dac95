import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";

const FOLDER = "results/tests/sweep-merge";

async function fresh(name: string): Promise<string> {
  const file = `${FOLDER}/${name}.jsonl`;
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeTextFile(file, "");
  return file;
}

Deno.test("sweep merge puts shards together", async () => {
  const [left, right, out] = [await fresh("left"), await fresh("right"), await fresh("merged")];
  const grid = ["sweep", "--ratio", "0.25,0.75"];
  await capture([...grid, "--shard", "1/2", "--out", left]);
  await capture([...grid, "--shard", "2/2", "--out", right]);
  const { stdout, exitCode } = await capture(["sweep", "merge", right, left, "--out", out]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^smoke: 2 of 2 points/);
  const { stdout: json } = await capture(["sweep", "merge", out, "--json"]);
  assert.deepEqual(JSON.parse(json).rows.map(({ index }: { index: number }) => index), [0, 1]);
});
