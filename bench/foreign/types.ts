/** Results of other benchmarks, in our terms. */

import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";
import { comparison, count, verdict } from "../result/mod.ts";

/** One run that another benchmark wrote; latencies in milliseconds, null where the file has none. */
export interface ForeignRun {
  /** Which benchmark wrote it. */
  readonly tool: ForeignTool;
  /** Key that gave the benchmark away. */
  readonly recognisedBy: string;
  /** File, and row in files with a run per line. */
  readonly origin: string;
  /** Settings that have to be the same for two runs to be compared, by the file's own keys. */
  readonly settings: Readonly<Record<string, string>>;
  /** Completed requests. */
  readonly completed: number;
  /** Requests that failed; null where the file does not say. */
  readonly failed: number | null;
  /** Prompt tokens of all completed requests. */
  readonly inputTokens: number | null;
  /** Output tokens of all completed requests. */
  readonly outputTokens: number | null;
  /** Mean time to first token. */
  readonly meanTtftMs: number | null;
  /** Mean gap between streamed chunks, which these benchmarks call ITL. */
  readonly meanGapMs: number | null;
  /** Mean time per output token after the first, of each request. */
  readonly meanTpotMs: number | null;
  /** Mean time from sending a request to its last token. */
  readonly meanEndToEndMs: number | null;
  /** Medians and percentiles that the file holds, by name, such as `p99 TTFT`. */
  readonly percentilesMs: Readonly<Record<string, number>>;
  /** Output tokens per second. */
  readonly outputTokensPerSecond: number | null;
  /** Completed requests per second. */
  readonly requestsPerSecond: number | null;
  /** Requests per second within their objectives; null where none were given. */
  readonly goodputPerSecond: number | null;
  /** Raw values of each request, or null where the file holds aggregates only. */
  readonly requests: ForeignRequests | null;
  /** All that the file says of the run, in an order of its own; null where raw values tell it. */
  readonly content: string | null;
}

/** Raw values of each request in the order in which they were sent; null where it failed. */
export interface ForeignRequests {
  /** Prompt tokens. */
  readonly inputTokens: readonly number[];
  /** Time to first token in milliseconds. */
  readonly ttftMs: readonly (number | null)[];
  /** Mean gap between chunks in milliseconds; null below two chunks. */
  readonly gapMs: readonly (number | null)[];
}

/** A gate over files of another benchmark, as it is stored. */
export const foreignGateSchema = z.strictObject({
  /** Clause that it answers. */
  gate: z.enum(["gate/read", "gate/capacity", "gate/regression"]),
  /** Verdict over all demanded metrics. */
  verdict,
  /** Why, one line a finding. */
  reasons: z.array(z.string()),
  /** Benchmark that wrote both files. */
  tool: z.enum(["vllm", "sglang", "fastdeploy"]),
  /**
   * What the files allow. `aggregates`: one run per side without raw values, one ratio whose noise no
   * one knows; `requests`: one run per side with raw values, ratios request by request, still of one
   * run only; `runs`: several runs per side, an interval over runs that were not interleaved.
   */
  statistics: z.enum(["aggregates", "requests", "runs"]),
  /** The same in words, with what would allow more. */
  allowed: z.string(),
  /** Runs of each side. */
  runs: z.strictObject({ baseline: count, candidate: count }),
  /** Demanded metrics first, then those shown for information. */
  comparisons: z.array(comparison),
});

/** A gate over files of another benchmark. */
export type ForeignGateReport = Stored<typeof foreignGateSchema>;
/** A benchmark whose result files are understood. */
export type ForeignTool = ForeignGateReport["tool"];
/** Which conclusions the files allow. */
export type ForeignStatistics = ForeignGateReport["statistics"];
