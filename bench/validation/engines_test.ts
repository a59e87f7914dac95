import assert from "node:assert/strict";
import type { DataSheet, EngineName } from "../card/mod.ts";
import { ENGINE_OVERHEADS } from "../card/mod.ts";
import { engineOf, findEngine } from "./engines.ts";
import { readRunFlags, type RunSettings } from "./run_flags.ts";

/** What a command line sets; flags of all engines are read alike. */
function settingsOf(flags: string): Partial<RunSettings> {
  const found = readRunFlags(flags);
  assert.equal(found.kind, "read", flags);
  return found.kind === "read" ? found.settings : {};
}

const sheet = (memoryBytes: number, name = "H100"): DataSheet =>
  ({ name, memoryBytes }) as DataSheet;

/** Sequences, tokens of a step, tokens of a prompt's part, and the share that is reserved. */
const limits = (
  name: EngineName,
  o: { memoryBytes?: number; flags?: string; card?: string } = {},
) => {
  const found = engineOf(name, {
    sheet: sheet(o.memoryBytes ?? 80e9, o.card),
    settings: settingsOf(o.flags ?? ""),
  }).limits;
  return [found.maxSequences, found.maxBatchedTokens, found.maxPromptTokens, found.reserveRatio];
};

Deno.test("engineOf() has each engine's defaults, by the card's memory from 70 GB", () => {
  assert.deepEqual(limits("vllm", { memoryBytes: 70e9 }), [1024, 8192, null, 0]);
  assert.deepEqual(limits("vllm", { memoryBytes: 70e9 - 1 }), [256, 2048, null, 0]);
  assert.deepEqual(limits("vllm", { card: "A100" }), [256, 2048, null, 0]);
  assert.deepEqual(limits("sglang", { memoryBytes: 70e9 }), [2048, 16384, 8192, 0.4]);
  assert.deepEqual(limits("sglang", { memoryBytes: 70e9 - 1 }), [2048, 16384, 4096, 0.4]);
  assert.deepEqual(limits("tensorrt-llm"), [2048, 8192, null, 1]);
  assert.deepEqual(limits("lmdeploy"), [256, 262_144, null, 0]);
  assert.deepEqual(limits("llama.cpp"), [1, 64, null, 0]);
});

Deno.test("engineOf() takes a run's flags in place of defaults", () => {
  const flags = "--max-num-seqs 7 --max_num_batched_tokens=9";
  assert.deepEqual(limits("vllm", { flags }), [7, 9, null, 0]);
  const prefill = "--max-running-requests 3 --max-prefill-tokens 5 --chunked-prefill-size 2";
  assert.deepEqual(limits("sglang", { flags: prefill }), [3, 5, 2, 0.4]);
  const batch = "--max_batch_size 4 --max_num_tokens 6";
  assert.deepEqual(limits("tensorrt-llm", { flags: batch }), [4, 6, null, 1]);
  const pytorch = engineOf("lmdeploy", {
    sheet: sheet(80e9),
    words: "LMDeploy (PyTorch engine)",
    settings: settingsOf(batch),
  }).limits;
  assert.deepEqual([pytorch.rule, pytorch.maxSequences, pytorch.maxBatchedTokens], [
    "prompts-first",
    4,
    8192,
  ]);
});

Deno.test("engineOf() cuts prompts, except TensorRT-LLM where it is not told to", () => {
  const cuts = (name: EngineName, flags: string) =>
    engineOf(name, { sheet: sheet(80e9), settings: settingsOf(flags) }).limits.chunkedPrefill;
  for (const name of ["vllm", "sglang", "lmdeploy", "llama.cpp"] as const) {
    assert.ok(cuts(name, ""));
  }
  assert.deepEqual(
    [cuts("tensorrt-llm", ""), cuts("tensorrt-llm", "--enable_chunked_prefill")],
    [false, true],
  );
});

Deno.test("engineOf() overlaps scheduling where the engine does, or is told to", () => {
  for (const [name, known] of Object.entries(ENGINE_OVERHEADS)) {
    const of = (flags: string) =>
      engineOf(name as EngineName, { sheet: sheet(80e9), settings: settingsOf(flags) });
    assert.deepEqual(of("").overhead, known);
    assert.equal(known.overlapped, false, `${name} overlaps only where it is told to`);
    assert.deepEqual(of("--async-scheduling").overhead, { ...known, overlapped: true });
  }
  const overhead = { stepMs: 9 };
  const own = engineOf("vllm", { sheet: sheet(80e9), overhead });
  assert.deepEqual(own.overhead, { ...ENGINE_OVERHEADS.vllm, ...overhead });
});

Deno.test("findEngine() finds the engine in what a result says of it", () => {
  assert.deepEqual(
    ["vLLM 0.9.1", "SGLang", "TensorRT-LLM 1.0", "LMDeploy", "llama.cpp b1", "other"].map(
      findEngine,
    ),
    ["vllm", "sglang", "tensorrt-llm", "lmdeploy", "llama.cpp", undefined],
  );
});
