import assert from "node:assert/strict";
import { runPeers } from "./peers.ts";
import { builtinCase } from "./test_support.ts";

const CASES = [builtinCase("smoke-decode"), builtinCase("smoke-prefill")];
const PYTHON = (await Deno.permissions.query({ name: "run", command: "python3" })).state;
const needsPython = { ignore: PYTHON !== "granted" };

function script(lines: readonly string[], end = ""): [string, ...string[]] {
  const code = ["import json, sys", "request = json.load(sys.stdin)", ...lines, end].join("\n");
  return ["python3", "-c", code];
}

const HELLO = `print(json.dumps(dict(kind="peer", peer="sdpa-flash", version="1", absent=None)))`;
const TIMED = `print(json.dumps(dict(kind="timed", peer="sdpa-flash", ` +
  `case=request["cases"][0]["name"], samplesMs=[3, 1, 2], note="")), flush=True)`;

Deno.test({
  name: "runPeers() reads times and what else a library prints",
  ...needsPython,
  fn: async () => {
    const command = script([`print("a banner")`, HELLO, TIMED]);
    const { peers, results } = await runPeers(CASES, { runs: 3, seed: 1, command });
    assert.deepEqual(peers.map(({ peer, absent }) => [peer, absent]), [
      ["sdpa-flash", null],
      ["sdpa-cudnn", "its script did not name it"],
      ["flex-attention", "its script did not name it"],
      ["triton", "its script did not name it"],
      ["ort-webgpu", "its script did not name it"],
      ["llama-vulkan", "its script did not name it"],
    ]);
    assert.equal(results.length, 1);
    const { outcome } = results[0];
    assert.ok(outcome.kind === "timed" && outcome.medianMs === 2);
  },
});

Deno.test({
  name: "runPeers() keeps what was measured when the process breaks",
  ...needsPython,
  fn: async () => {
    const command = script([HELLO, TIMED], `sys.exit("out of luck")`);
    const { results } = await runPeers(CASES, { runs: 3, seed: 1, command });
    assert.deepEqual(results.map(({ case: name, outcome }) => [name, outcome.kind]), [
      ["smoke-decode", "timed"],
      ["smoke-prefill", "skipped"],
    ]);
    const { outcome } = results[1];
    assert.ok(outcome.kind === "skipped");
    assert.equal(outcome.reason, "python3 ended with exit code 1: out of luck");
  },
});

Deno.test({
  name: "runPeers() stops the process when the run is aborted",
  ...needsPython,
  fn: async () => {
    const stop = new AbortController();
    const command = script([HELLO, TIMED, "import time", "time.sleep(60)"]);
    const run = runPeers(CASES, {
      runs: 3,
      seed: 1,
      command,
      signal: stop.signal,
      onResult: () => stop.abort(),
    });
    await assert.rejects(run, { name: "AbortError" });
  },
});

Deno.test({
  name: "runPeers() gets an answer of every peer from the scripts of the project",
  ...needsPython,
  fn: async () => {
    const { peers, results } = await runPeers([], { runs: 1, seed: 1 });
    assert.equal(peers.length, 6);
    for (const { version, absent } of peers) {
      assert.ok((version === null) !== (absent === null));
      // What is not installed is said by the script itself, which was found and ran to its end.
      assert.doesNotMatch(absent ?? "", /exit code/);
    }
    assert.deepEqual(results, []);
  },
});

Deno.test({
  name:
    "runPeers() takes llama.cpp's times for the shapes that its benchmark has, and says where not",
  ...needsPython,
  fn: async () => {
    const folder = await Deno.makeTempDir({ dir: "results" });
    try {
      const program = `${folder}/test-backend-ops`;
      const timed = "hsk=64,hsv=64,nh=2,nr23=[2,3],kv=512,nb=1,mask=1,sinks=0,prec=f32,type_KV=f16";
      const other = timed.replace("nh=2", "nh=4");
      await Deno.writeTextFile(
        program,
        `#!/bin/sh\necho "FLASH_ATTN_EXT(${other}):  819 runs -  9.00 us/run - 1 MFLOP"\n` +
          `echo "FLASH_ATTN_EXT(${timed}):  819 runs -  12.50 us/run - 1 MFLOP"\n`,
        { mode: 0o755 },
      );
      const command: [string, ...string[]] = [
        "python3",
        "-c",
        `import os, runpy, sys\nos.environ["PATH"] = sys.argv[1]\n` +
        `runpy.run_path(sys.argv[2], run_name="__main__")`,
        folder,
        new URL("../peers/llama_ops.py", import.meta.url).pathname,
      ];
      const peers = ["llama-vulkan"] as const;
      const requests = [{ count: 3, contextTokens: 512, queryTokens: 1 }];
      const asked = [
        { ...CASES[0], windows: null, requests, peers },
        { ...CASES[1], windows: null, peers },
      ];
      const report = await runPeers(asked, { runs: 3, seed: 1, command });
      assert.deepEqual(report.results.map(({ outcome }) => outcome), [
        {
          kind: "timed",
          samplesMs: [0.0125],
          medianMs: 0.0125,
          note: "dense, one mean of its own runs, unchecked",
        },
        { kind: "skipped", reason: "its benchmark has no such shape" },
      ]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
