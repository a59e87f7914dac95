/** How engines form steps by default, and what they add to the time of the kernels. */

import {
  type DataSheet,
  ENGINE_OVERHEADS,
  type EngineName,
  type EngineOverhead,
} from "../card/mod.ts";
import type { EngineLimits } from "./simulate.ts";

/** An engine with the settings of one run. */
export interface Engine {
  /** Which one. */
  readonly name: EngineName;
  /** Steps. */
  readonly limits: EngineLimits;
  /** Time. */
  readonly overhead: EngineOverhead;
}

/** The engine that a result names, or undefined. */
export function findEngine(text: string): EngineName | undefined {
  const lower = text.toLowerCase();
  const words: readonly (readonly [string, EngineName])[] = [
    ["vllm", "vllm"],
    ["sglang", "sglang"],
    ["tensorrt", "tensorrt-llm"],
    ["lmdeploy", "lmdeploy"],
    ["llama.cpp", "llama.cpp"],
  ];
  return words.find(([word]) => lower.includes(word))?.[1];
}

/** Value of a flag such as `--max-num-seqs 32` or `--max_num_seqs=32`, or undefined. */
export function flagNumber(flags: string, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const pattern = new RegExp(`--${name.replaceAll("-", "[-_]")}[ =](\\d+)`);
    const found = pattern.exec(flags);
    if (found !== null) return Number(found[1]);
  }
  return undefined;
}

/** Defaults of each engine's server on a card, and what a run's flags change. */
export function engineOf(
  name: EngineName,
  o: { sheet: DataSheet; flags: string; overhead?: Partial<EngineOverhead> },
): Engine {
  const known = ENGINE_OVERHEADS[name];
  const overlapped = known.overlapped || o.flags.includes("--async-scheduling");
  return { name, limits: limitsOf(name, o), overhead: { ...known, overlapped, ...o.overhead } };
}

function limitsOf(
  name: EngineName,
  { sheet, flags }: { sheet: DataSheet; flags: string },
): EngineLimits {
  // vLLM and SGLang choose by memory; an A100 of 80 GB counts as small in vLLM.
  const large = sheet.memoryBytes >= 70e9;
  switch (name) {
    case "vllm": {
      const big = large && sheet.name !== "A100";
      return {
        rule: "mixed",
        maxSequences: flagNumber(flags, "max-num-seqs") ?? (big ? 1024 : 256),
        maxBatchedTokens: flagNumber(flags, "max-num-batched-tokens") ?? (big ? 8192 : 2048),
        chunkedPrefill: true,
        reserveRatio: 0,
        maxPromptTokens: null,
      };
    }
    case "sglang":
      return {
        rule: "prompts-first",
        maxSequences: flagNumber(flags, "max-running-requests") ?? 2048,
        maxBatchedTokens: flagNumber(flags, "max-prefill-tokens") ?? 16384,
        chunkedPrefill: true,
        reserveRatio: 0.4,
        maxPromptTokens: flagNumber(flags, "chunked-prefill-size") ?? (large ? 8192 : 4096),
      };
    case "tensorrt-llm":
      return {
        rule: "mixed",
        maxSequences: flagNumber(flags, "max-batch-size") ?? 2048,
        maxBatchedTokens: flagNumber(flags, "max-num-tokens") ?? 8192,
        chunkedPrefill: flags.includes("chunked_prefill"),
        // Never evicts: the whole output is held at admission.
        reserveRatio: 1,
        maxPromptTokens: null,
      };
    case "lmdeploy":
      return {
        rule: "prompts-first",
        maxSequences: flagNumber(flags, "max-batch-size") ?? 256,
        maxBatchedTokens: 8192,
        chunkedPrefill: true,
        reserveRatio: 0,
        maxPromptTokens: null,
      };
    case "llama.cpp":
      return {
        rule: "prompts-first",
        maxSequences: 1,
        maxBatchedTokens: 64,
        chunkedPrefill: true,
        reserveRatio: 0,
        maxPromptTokens: null,
      };
  }
}
