import assert from "node:assert/strict";
import type { ClockChoice } from "../../../bench/mod.ts";
import { capture } from "../../testing_context.ts";
import { requireSameClock } from "./run.ts";

const FOLDER = "results/tests/sweep-cli";

async function fresh(name: string): Promise<string> {
  const file = `${FOLDER}/${name}.jsonl`;
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeTextFile(file, "");
  return file;
}

Deno.test("sweep replays every point and resumes its file", async () => {
  const out = await fresh("windows");
  const args = ["sweep", "--window", "16,64", "--batch", "2", "--out", out];
  const first = await capture(args);
  assert.equal(first.exitCode, 0);
  const lines = first.stdout.trimEnd().split("\n");
  assert.equal(lines[0], "smoke: 2 of 2 points");
  assert.match(lines[1], /window +batch +TTFT +TBT +gate\/read/);
  assert.match(lines[2], / 16 +2 +-[\d.]+ % +-[\d.]+ % +PASS/);
  const again = await capture(args);
  assert.equal(again.stdout, first.stdout);
  assert.doesNotMatch(again.stderr, /point 1 of 2/);
});

Deno.test("sweep makes the folder of its file", async () => {
  const folder = `${FOLDER}/new`;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const args = ["sweep", "--window", "16", "--out"];
  const made = await capture([...args, `${folder}/deep/rows.jsonl`]);
  assert.equal(made.exitCode, 0, made.stderr);
  assert.ok(made.stderr.endsWith(`Rows written to '${folder}/deep/rows.jsonl'\n`), made.stderr);
  assert.match(await Deno.readTextFile(`${folder}/deep/rows.jsonl`), /\n.*"window/);
});

Deno.test("sweep shows why a point could not be replayed", async () => {
  const out = await fresh("impossible");
  const { stdout, exitCode } = await capture(["sweep", "--context", "100000", "--out", out]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /error/);
  assert.match(stdout, /context 100000: .*pool-too-small/s);
});

Deno.test("sweep exits 4 when its file is of another sweep", async () => {
  const out = await fresh("other");
  await capture(["sweep", "--window", "16", "--out", out]);
  const { exitCode, stderr } = await capture(["sweep", "--window", "32", "--out", out]);
  assert.equal(exitCode, 4);
  assert.match(stderr, /sweep with other settings/);
});

Deno.test("requireSameClock() closes what it refuses: a model clock in a sweep that a device began", async () => {
  let closed = 0;
  const chosen = (clock: ClockChoice) => ({ clock, close: () => void closed++ });
  const model = chosen({ kind: "model", reason: "no device answers" });
  const gpu = chosen({ kind: "gpu" } as ClockChoice);
  for (const before of [null, "model"] as const) await requireSameClock(model, before);
  for (const before of [null, "model", "gpu"] as const) await requireSameClock(gpu, before);
  assert.equal(closed, 0);
  await assert.rejects(requireSameClock(model, "gpu"), /no device answers; rows so far are kept/);
  assert.equal(closed, 1);
});
