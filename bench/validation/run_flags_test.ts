import assert from "node:assert/strict";
import { readRunFlags, type RunSettings } from "./run_flags.ts";

Deno.test("readRunFlags() reads what acts, in every way that engines write it", () => {
  const expected: readonly (readonly [line: string, settings: Partial<RunSettings>])[] = [
    ["", {}],
    ["FlashAttention-3 backend", {}],
    ["vllm serve m -tp 8 --max-num-seqs 32", { tensorParallel: 8, maxSequences: 32 }],
    ["--max_num_tokens=16384 --enable_chunked_prefill", {
      maxBatchedTokens: 16384,
      chunkedPrefill: true,
    }],
    ["--max-model-len 24000, prefix caching off", { modelLengthTokens: 24000 }],
    ["--gpu-memory-utilization=0.95", { memoryShare: 0.95 }],
    ["--mem-fraction-static 0.85", { staticMemoryShare: 0.85 }],
    ["--kv_cache_free_gpu_memory_fraction 0.9", { freeMemoryShare: 0.9 }],
    ["-pp 2 --pipeline-parallel-size=2", { pipelineParallel: 2 }],
    ["--pp-size 4", { pipelineParallel: 4 }],
    ["--kv-cache-dtype 'fp8_e5m2'", { cacheType: "fp8_e5m2" }],
    ["--enable-expert-parallel --async-scheduling", { expertsWhole: true, overlapped: true }],
    ["--no-async-scheduling --no-enable-chunked-prefill", {
      overlapped: false,
      chunkedPrefill: false,
    }],
    ["--max-model-len 8k", { modelLengthTokens: 8000 }],
    ["X=1 python3 -m sglang.launch_server --model-path a/b --trust-remote-code --tp 8", {
      tensorParallel: 8,
    }],
  ];
  for (const [line, settings] of expected) {
    assert.deepEqual(readRunFlags(line), { kind: "read", settings }, line);
  }
});

Deno.test("readRunFlags() has a reason for every flag that would make a prediction wrong", () => {
  const expected: readonly (readonly [line: string, reason: RegExp])[] = [
    ['--speculative-config \'{"method":"eagle3"}\'', /speculative decoding, .*\(--speculative/],
    ["--speculative-algorithm EAGLE", /speculative decoding/],
    ["--num-speculative-tokens 3", /speculative decoding/],
    ["--enforce-eager", /without CUDA graphs/],
    ["--disable-cuda-graph", /without CUDA graphs/],
    ["-dp 4", /data parallelism/],
    ["--dp-size 4 --enable-dp-attention", /data parallelism/],
    ["--decode-context-parallel-size 2", /context parallelism/],
    ["--cpu-offload-gb 10", /weights on the host/],
    ["--enable-lora --max-loras 4", /LoRA/],
    ["--nnodes 2 --node-rank 0", /several hosts/],
    ["--disaggregation-mode prefill", /different cards/],
    ["--extra_llm_api_options o.yml", /settings of a file/],
    ["-O3", /another way to compile/],
    ["--compilation-config {}", /another way to compile/],
    ["--turbo", /its flag --turbo is not known here/],
    ["-cc.mode=0", /its flag --cc\.mode is not known here/],
    ["--gpu-memory-utilization 1.5", /--gpu-memory-utilization has no value that fits: "1.5"/],
    ["--gpu-memory-utilization", /--gpu-memory-utilization has no value that fits: ""/],
    ["--max-num-seqs 0", /--max-num-seqs has no value that fits: "0"/],
    ["--chunked-prefill-size -1", /--chunked-prefill-size has no value that fits/],
    ["-tp 8 --tensor-parallel-size 4", /its flags give 8 and 4/],
  ];
  for (const [line, reason] of expected) {
    const found = readRunFlags(line);
    assert.equal(found.kind, "unexpressed", line);
    assert.match(found.kind === "unexpressed" ? found.reason : "", reason);
  }
});
