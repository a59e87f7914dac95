import assert from "node:assert/strict";
import { parseKernelResult } from "../../../bench/mod.ts";
import { closeGpu, defaultTuning, openGpu } from "../../../kernel/mod.ts";
import { storeTunings } from "../../gpu/tuning_cache.ts";
import { capture } from "../../testing_context.ts";
import { hasWrong, progressOf } from "./bench_run.ts";

const outcome = await openGpu();
const canTime = outcome.kind === "gpu" && outcome.gpu.hasTimestamps;
if (outcome.kind === "gpu") closeGpu(outcome.gpu);
const device = {
  ignore: !canTime,
  reason: outcome.kind === "gpu" ? "" : ` [SKIPPED: ${outcome.reason}; ${outcome.fix}]`,
};

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
  name: `kernel bench prints a row per case and writes what kernel roofline draws${device.reason}`,
  ignore: device.ignore,
  fn: async () => {
    await inFolder(async (folder) => {
      const json = `${folder}/new/kernel.json`;
      const flags = ["--set", "smoke", "--cases", "smoke-window", "--runs", "2", "--checks", "1"];
      const run = await capture(["kernel", "bench", ...flags, "--json", json]);
      assert.equal(run.exitCode, 0, run.stderr);
      assert.match(run.stdout, /^case +median +spread +bytes +operations +of ceiling/m);
      assert.match(run.stdout, /^smoke-window +[\d.]+ [µm]?s /m);
      const result = parseKernelResult(await Deno.readTextFile(json), { file: json });
      assert.deepEqual(result.cases.map((each) => each.case.name), ["smoke-window"]);
      const svg = `${folder}/roofline.svg`;
      const files = { [json]: await Deno.readTextFile(json) };
      const drawn = await capture(["kernel", "roofline", json, "-o", svg], { files });
      assert.equal(drawn.exitCode, 0, drawn.stderr);
      assert.match(await Deno.readTextFile(svg), /smoke-window/);
    });
  },
});

Deno.test({
  name: `kernel bench --resume keeps timed cases of its file${device.reason}`,
  ignore: device.ignore,
  fn: async () => {
    await inFolder(async (folder) => {
      const json = `${folder}/kernel.json`;
      const run = (cases: string, ...more: string[]) =>
        capture([
          ...[
            "kernel",
            "bench",
            "--set",
            "smoke",
            "--cases",
            cases,
            "--runs",
            "2",
            "--checks",
            "1",
          ],
          ...["--json", json, ...more],
        ]);
      const read = async () => parseKernelResult(await Deno.readTextFile(json), { file: json });
      assert.equal((await run("smoke-window")).exitCode, 0);
      const [before] = (await read()).cases;
      const resumed = await run("smoke-window,smoke-decode", "--resume");
      assert.equal(resumed.exitCode, 0, resumed.stderr);
      const after = (await read()).cases;
      assert.equal(after.length, 2);
      const kept = after.find((each) => each.case.name === "smoke-window")!.outcome;
      assert.ok(kept.kind === "timed" && before.outcome.kind === "timed");
      assert.deepEqual(kept.samplesMs, before.outcome.samplesMs);
      const nowhere = await capture(["kernel", "bench", "--resume"]);
      assert.equal(nowhere.exitCode, 4);
      assert.match(nowhere.stderr, /Cannot resume without a result: name it with --json/);
    });
  },
});

Deno.test({
  name: `kernel bench takes cases from a file, and names what is wrong with one${device.reason}`,
  ignore: device.ignore,
  fn: async () => {
    const files = { "mine.yaml": "shapes: {}\ncases: []\n", "none.yaml": "cases: [" };
    const empty = await capture(["kernel", "bench", "--file", "mine.yaml"], { files });
    assert.equal(empty.exitCode, 4);
    assert.match(empty.stderr, /^mine\.yaml:2:8: error fixture\//);
    const broken = await capture(["kernel", "bench", "--file", "none.yaml"], { files });
    assert.match(broken.stderr, /fixture\/yaml-syntax/);
  },
});

Deno.test({
  name: `kernel bench exits 4 and lists the cases when none has the name${device.reason}`,
  ignore: device.ignore,
  fn: async () => {
    const run = await capture(["kernel", "bench", "--set", "smoke", "--cases", "nothing"]);
    assert.equal(run.exitCode, 4);
    assert.match(
      run.stderr,
      /^Cannot find a case named 'nothing' in the set 'smoke'; use one of: /,
    );
  },
});

Deno.test({
  name: `kernel bench uses a stored tuning unless told not to${device.reason}`,
  ignore: device.ignore,
  fn: async () => {
    await inFolder(async (folder) => {
      const cache = await Deno.realPath(folder);
      await storeSlowerTuning(`${cache}/headwise`);
      const tuningOf = async (flags: readonly string[]): Promise<unknown> => {
        const json = `${folder}/kernel.json`;
        const args = [
          "kernel",
          "bench",
          "--set",
          "smoke",
          "--cases",
          "smoke-decode",
          "--runs",
          "1",
        ];
        const environment = { XDG_CACHE_HOME: cache };
        const run = await capture([...args, ...flags, "--json", json], { environment });
        assert.equal(run.exitCode, 0, run.stderr);
        return parseKernelResult(await Deno.readTextFile(json), { file: json }).options.tuning;
      };
      assert.equal(await tuningOf([]), "stored");
      assert.equal(await tuningOf(["--tuning", "default"]), "default");
    });
  },
});

async function storeSlowerTuning(folder: string): Promise<void> {
  const opened = await openGpu();
  assert.ok(opened.kind === "gpu");
  const { gpu } = opened;
  const tuning = { ...defaultTuning(gpu.target), subgroups: 1 };
  await storeTunings(folder, gpu, new Map([["group=2;head_size=64;storage=bf16", tuning]]));
  closeGpu(gpu);
}

Deno.test({
  name:
    `kernel bench keeps what it has when Ctrl-C stops it, and names what is left${device.reason}`,
  ignore: device.ignore,
  fn: async () => {
    await inFolder(async (folder) => {
      const json = `${folder}/kernel.json`;
      const stop = new AbortController();
      const flags = ["--set", "smoke", "--runs", "2", "--checks", "1", "--json", json];
      const files = {};
      const running = capture(["kernel", "bench", ...flags], { signal: stop.signal, files });
      setTimeout(() => stop.abort(), 400);
      const run = await running;
      assert.equal(run.exitCode, 130, run.stderr);
      const { cases } = parseKernelResult(await Deno.readTextFile(json), { file: json });
      assert.match(run.stderr, new RegExp(`Stopped after ${cases.length} of \\d+ cases; .*smoke-`));
    });
  },
});

Deno.test("progressOf() fills the bar by what is done, and counts the case that is measured", () => {
  assert.deepEqual(progressOf({ name: "a", index: 0 }, 4), {
    label: "a",
    fraction: 0,
    detail: "1 of 4 cases",
  });
  assert.equal(progressOf({ name: "a", index: 3 }, 4).fraction, 0.75);
});

Deno.test("hasWrong() finds one wrong output among right ones, and takes none for skipped", () => {
  const of = (...kinds: string[]) =>
    hasWrong({ cases: kinds.map((kind) => ({ outcome: { kind } })) } as never);
  assert.ok(of("timed", "wrong") && of("failed", "timed", "skipped") && of("wrong"));
  assert.ok(!of("timed", "skipped") && !of("skipped") && !of());
});
