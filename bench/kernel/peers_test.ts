import assert from "node:assert/strict";
import type { KernelCase } from "./case.ts";
import { PEER_NAMES } from "./case_schema.ts";
import { openPeers, type OpenPeersOptions } from "./peers.ts";
import { builtinCase } from "./test_support.ts";

const CASES = ["smoke-decode", "smoke-prefill"].map((name) => ({
  ...builtinCase(name),
  peers: PEER_NAMES,
}));
const PYTHON = (await Deno.permissions.query({ name: "run", command: "python3" })).state;
const needsPython = { ignore: PYTHON !== "granted" };

/** A script that says `hello` and then `lines` for each case, which it may end after. */
function script(hello: string, lines: readonly string[]): [string, ...string[]] {
  const code = [
    "import json, sys, time",
    "request = json.loads(sys.stdin.readline())",
    hello,
    `for line in iter(sys.stdin.readline, ""):`,
    "  case = json.loads(line)",
    ...lines.map((line) => `  ${line}`),
    `  print(json.dumps(dict(kind="done", case=case["name"])), flush=True)`,
  ].join("\n");
  return ["python3", "-c", code];
}

/** Reports after each case. */
async function timeAll(cases: readonly KernelCase[], o: OpenPeersOptions) {
  const session = openPeers(o);
  const reports = [];
  for (const each of cases) reports.push(await session.time(each));
  await session.close();
  return reports;
}

const HELLO = `print(json.dumps(dict(kind="peer", peer="sdpa-flash", version="1", absent=None)))`;
const TIMED = `print(json.dumps(dict(kind="timed", peer="sdpa-flash", ` +
  `case=case["name"], samplesMs=[3, 1, 2], note="")), flush=True)`;

Deno.test({
  name: "openPeers() reads times, case by case, and what else a library prints",
  ...needsPython,
  fn: async () => {
    const command = script(HELLO, [`print("a banner")`, TIMED]);
    const reports = await timeAll(CASES, { runs: 3, seed: 1, command });
    const [{ peers, results }, second] = reports;
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
    assert.deepEqual(second.results.map((each) => each.case), ["smoke-decode", "smoke-prefill"]);
  },
});

Deno.test({
  name: "openPeers() keeps what was measured when the process breaks",
  ...needsPython,
  fn: async () => {
    const command = script(HELLO, [
      `if case["name"] == "smoke-prefill": sys.exit("out of luck")`,
      TIMED,
    ]);
    const results = (await timeAll(CASES, { runs: 3, seed: 1, command })).at(-1)!.results;
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
  name: "openPeers() begins no case after its deadline, and says so",
  ...needsPython,
  fn: async () => {
    const command = script(HELLO, [TIMED, "time.sleep(0.02)"]);
    const reports = await timeAll(CASES, { runs: 3, seed: 1, command, deadlineSeconds: 0.01 });
    assert.deepEqual(reports.at(-1)!.results.map(({ outcome }) => outcome.kind), [
      "timed",
      "skipped",
    ]);
    const { outcome } = reports.at(-1)!.results[1];
    assert.ok(outcome.kind === "skipped");
    assert.equal(outcome.reason, "0.01 seconds for peers were over");
  },
});

Deno.test({
  name: "openPeers() stops the process when the run is aborted, and keeps what it said",
  ...needsPython,
  fn: async () => {
    const stop = new AbortController();
    const command = script(HELLO, [TIMED, "time.sleep(60)"]);
    const [{ results }] = await timeAll([CASES[0]], {
      runs: 3,
      seed: 1,
      command,
      signal: stop.signal,
      onResult: () => stop.abort(),
    });
    assert.deepEqual(results.map(({ peer, outcome }) => [peer, outcome.kind]), [
      ["sdpa-flash", "timed"],
    ]);
  },
});

Deno.test({
  name: "openPeers() gets an answer of every peer from the scripts of the project",
  ...needsPython,
  fn: async () => {
    const [{ peers, results }, again] = await timeAll(CASES, { runs: 1, seed: 1 });
    assert.equal(peers.length, 6);
    for (const { peer, version, absent } of peers) {
      assert.ok((version === null) !== (absent === null));
      // What is not installed is said by the script itself, which was found and goes on.
      assert.doesNotMatch(absent ?? "", /exit code/);
      assert.equal(results.some((each) => each.peer === peer), absent === null);
    }
    assert.deepEqual(again.peers, peers);
  },
});

Deno.test({
  name:
    "openPeers() takes llama.cpp's times for the shapes that its benchmark has, and says where not",
  ...needsPython,
  fn: async () => {
    await Deno.mkdir("results", { recursive: true });
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
      const reports = await timeAll(asked, { runs: 3, seed: 1, command });
      assert.deepEqual(reports.at(-1)!.results.map(({ outcome }) => outcome), [
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
