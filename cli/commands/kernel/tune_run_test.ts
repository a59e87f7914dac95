import assert from "node:assert/strict";
import { closeGpu, openGpu } from "../../../kernel/mod.ts";
import { defaultTuning, type ProgramTarget } from "../../../kernel/mod.ts";
import { capture } from "../../testing_context.ts";
import { progressOf, renderTuned } from "./tune_run.ts";

const outcome = await openGpu();
const canTime = outcome.kind === "gpu" && outcome.gpu.hasTimestamps;
if (outcome.kind === "gpu") closeGpu(outcome.gpu);
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir("results", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: `kernel tune exits 1 and stores nothing when no variant can be measured`,
  ignore: !(outcome.kind === "gpu" && canTime && outcome.gpu.isSoftware),
  fn: async () => {
    await inFolder(async (folder) => {
      const environment = { XDG_CACHE_HOME: await Deno.realPath(folder) };
      const flags = ["--set", "h200", "--cases", "decode-8x8k-g8"];
      const run = await capture(["kernel", "tune", ...flags], { environment });
      assert.equal(run.exitCode, 1);
      assert.match(run.stderr, /the caches take .*too much for an adapter that runs on the CPU/);
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    });
  },
});

Deno.test("kernel tune says what to set when there is no cache folder", async () => {
  const { state } = await Deno.permissions.query({ name: "env", variable: "HOME" });
  if (state === "granted") return;
  const run = await capture(["kernel", "tune"]);
  assert.equal(run.exitCode, 2);
  assert.match(run.stderr, /^XDG_CACHE_HOME: Cannot tell the user's cache folder; set /);
});

Deno.test("renderTuned() tells the gain of what won, that the default stays, and what was not measured", () => {
  const tuning = defaultTuning({ subgroupSize: 32, isCompact: true } as ProgramTarget);
  const shape = { key: "a", tuning, gain: 1.25, variants: 7, refused: [], failure: null };
  const lines = renderTuned([
    shape,
    { ...shape, key: "b", gain: 1, variants: 3 },
    { ...shape, key: "c", failure: "no memory", variants: 0 },
  ]);
  assert.match(lines[0]!, /^shape +fastest +gain +variants$/);
  assert.match(lines.at(-3)!, /^a +\w+=\d+.* 25\.0 % +7$/);
  assert.match(lines.at(-2)!, /^b +the default +0\.0 % +3$/);
  assert.match(lines.at(-1)!, /^c +not measured +– +0$/);
});

Deno.test("progressOf() tells a variant and its time in its label, or why it was refused", () => {
  const tuning = defaultTuning({ subgroupSize: 32, isCompact: true } as ProgramTarget);
  const timed = progressOf("a", { tuning, meanMs: 0.25, refusal: null });
  assert.match(timed.label, /^a: subgroups=2 .*lanesPerKey=8 .*: 250 µs$/);
  assert.deepEqual([timed.fraction, timed.detail], [0, ""]);
  const refused = progressOf("a", { tuning, meanMs: null, refusal: "no memory" });
  assert.match(refused.label, /: refused: no memory$/);
});
