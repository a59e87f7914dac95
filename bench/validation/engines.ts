/** How engines form steps by default, and what they add to the time of the kernels. */

import {
  type DataSheet,
  ENGINE_OVERHEADS,
  type EngineName,
  type EngineOverhead,
} from "../card/mod.ts";
import type { RunSettings } from "./run_flags.ts";
import type { EngineLimits } from "./simulate.ts";

/** An engine with the settings of one run. */
export interface Engine {
  readonly name: EngineName;
  readonly limits: EngineLimits;
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

/** From this release on vLLM schedules beside the step before without being asked to (0.14.0). */
const VLLM_ASYNC_BY_DEFAULT = [0, 14] as const;

/** Whether a version is a release at or behind another; one that names no release is not. */
function isFrom(version: string, [major, minor]: readonly [number, number]): boolean {
  const found = /^v?(\d+)\.(\d+)/.exec(version);
  if (found === null) return false;
  const [at, behind] = [Number(found[1]), Number(found[2])];
  return at > major || (at === major && behind >= minor);
}

/** What an engine's defaults depend on. */
export interface EngineOptions {
  readonly sheet: DataSheet;
  /** The engine as a result names it, with its backend. */
  readonly words?: string;
  readonly version?: string;
  /** What flags set. */
  readonly settings?: Partial<RunSettings>;
  /** Overheads that replace the engine's own, for fits. */
  readonly overhead?: Partial<EngineOverhead>;
}

/** Defaults of each engine's server on a card, and what a run's flags change. */
export function engineOf(name: EngineName, o: EngineOptions): Engine {
  const known = ENGINE_OVERHEADS[name];
  const { settings = {}, version = "" } = o;
  const overlapped = settings.overlapped ??
    (known.overlapped || (name === "vllm" && isFrom(version, VLLM_ASYNC_BY_DEFAULT)));
  const graphTokens = settings.graphTokens ?? known.graphTokens;
  return {
    name,
    limits: limitsOf(name, o),
    overhead: { ...known, overlapped, graphTokens, ...o.overhead },
  };
}

function limitsOf(
  name: EngineName,
  { sheet, words = "", settings = {} }: EngineOptions,
): EngineLimits {
  // vLLM and SGLang choose by memory; an A100 of 80 GB counts as small in vLLM.
  const large = sheet.memoryBytes >= 70e9;
  const usual = {
    rule: "mixed",
    chunkedPrefill: true,
    reserveRatio: 0,
    maxPromptTokens: null,
  } as const;
  switch (name) {
    case "vllm": {
      const big = large && sheet.name !== "A100";
      return {
        ...usual,
        maxSequences: settings.maxSequences ?? (big ? 1024 : 256),
        maxBatchedTokens: settings.maxBatchedTokens ?? (big ? 8192 : 2048),
        chunkedPrefill: settings.chunkedPrefill ?? true,
      };
    }
    case "sglang":
      return {
        ...usual,
        rule: "prompts-first",
        maxSequences: settings.maxSequences ?? 2048,
        maxBatchedTokens: settings.maxBatchedTokens ?? 16384,
        reserveRatio: 0.4,
        maxPromptTokens: settings.maxPromptTokens ?? (large ? 8192 : 4096),
      };
    case "tensorrt-llm": {
      const maxBatchedTokens = settings.maxBatchedTokens ?? 8192;
      const { waitSteps: steps = 0, waitShare = 0 } = settings;
      return {
        ...usual,
        maxSequences: settings.maxSequences ?? 2048,
        maxBatchedTokens,
        chunkedPrefill: settings.chunkedPrefill ?? false,
        // Never evicts: the whole output is held at admission.
        reserveRatio: 1,
        ...(steps === 0 ? {} : { admitTogether: { steps, tokens: waitShare * maxBatchedTokens } }),
      };
    }
    case "lmdeploy":
      return {
        ...usual,
        // TurboMind goes through all waiting prompts in parts, decode rows among them, and samples
        // once at the end: whatever is admitted is one step. The PyTorch engine prefills apart.
        ...(/pytorch/i.test(words)
          ? { rule: "prompts-first", maxBatchedTokens: 8192 }
          : { maxBatchedTokens: 262_144, partTokens: 8192 }),
        maxSequences: settings.maxSequences ?? 256,
      };
    case "llama.cpp":
      return { ...usual, rule: "prompts-first", maxSequences: 1, maxBatchedTokens: 64 };
  }
}
