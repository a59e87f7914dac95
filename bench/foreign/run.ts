/** One run of another benchmark, from the object that it wrote. */

import { contentText } from "../result/mod.ts";
import type { ForeignRequests, ForeignRun, ForeignTool } from "./types.ts";

/** The object of one run, as parsed. */
export type ForeignRecord = Readonly<Record<string, unknown>>;

/**
 * Keys that only one benchmark writes, most telling first. A goodput key that ends in a colon is no
 * such key: vLLM wrote it too, before its issue 20274.
 */
const SIGNATURES: readonly (readonly [ForeignTool, readonly string[]])[] = [
  ["fastdeploy", ["infer_input_lens", "mean_s_ttft_ms", "res_ttfts"]],
  ["sglang", ["mean_e2e_latency_ms", "total_throughput", "total_output_tokens_retokenized"]],
  ["vllm", ["total_token_throughput"]],
];

/** Settings that make runs comparable; those that a file does not have are left out. */
const SETTINGS = [
  "backend",
  "model_id",
  "tokenizer_id",
  "dataset_name",
  "num_prompts",
  "request_rate",
  "burstiness",
  "max_concurrency",
  "random_input_len",
  "random_output_len",
  "random_range_ratio",
  "sharegpt_output_len",
] as const;

/** Tells which benchmark wrote the object, and by which key; null for none of them. */
export function recogniseTool(record: ForeignRecord): { tool: ForeignTool; key: string } | null {
  for (const [tool, keys] of SIGNATURES) {
    const key = keys.find((name) => Object.hasOwn(record, name));
    if (key !== undefined) return { tool, key };
  }
  return null;
}

/** Reads a run; throws a plain message for the first key that is not what it should be. */
export function toForeignRun(record: ForeignRecord, origin: string): ForeignRun {
  const found = recogniseTool(record);
  if (found === null) {
    const known = SIGNATURES.map(([tool, [key]]) => `'${key}' (${tool})`).join(", ");
    throw new TypeError(`it has none of the keys ${known}`);
  }
  const completed = numberAt(record, "completed");
  if (completed === null) throw new TypeError("it has no number 'completed'");
  if (!Number.isSafeInteger(completed) || completed < 0) {
    throw new TypeError(`'completed' is ${completed} and not a count`);
  }
  const seconds = numberAt(record, "duration");
  if (seconds !== null && seconds <= 0 && completed > 0) {
    throw new TypeError(`'duration' is ${seconds}, in which nothing can be completed`);
  }
  const requests = requestsOf(record);
  // These benchmarks write the mean of nothing as 0.
  const latency = (key: string): number | null => numberAt(record, key) || null;
  return {
    tool: found.tool,
    recognisedBy: found.key,
    origin,
    settings: Object.fromEntries(
      SETTINGS.filter((key) => record[key] !== undefined).map((
        key,
      ) => [key, settingText(record[key])]),
    ),
    completed,
    failed: countFailed(record, completed),
    inputTokens: numberAt(record, "total_input_tokens"),
    outputTokens: numberAt(record, "total_output_tokens"),
    meanTtftMs: completed === 0 ? null : latency("mean_ttft_ms"),
    meanGapMs: completed === 0 ? null : latency("mean_itl_ms"),
    meanTpotMs: completed === 0 ? null : latency("mean_tpot_ms"),
    meanEndToEndMs: completed === 0
      ? null
      : latency("mean_e2el_ms") ?? latency("mean_e2e_latency_ms"),
    percentilesMs: completed === 0 ? {} : percentilesOf(record),
    outputTokensPerSecond: latency("output_throughput"),
    requestsPerSecond: latency("request_throughput"),
    goodputPerSecond: numberAt(record, "request_goodput:") ?? numberAt(record, "request_goodput"),
    requests,
    content: requests === null || !hasTimes(requests) ? contentText(record) : null,
  };
}

/** Whether there are raw times, by which one run is told from another. */
export function hasTimes({ ttftMs }: ForeignRequests): boolean {
  return ttftMs.some((value) => value !== null);
}

/** What the benchmarks' names of latencies mean. */
const LATENCY_NAMES: ReadonlyMap<string, string> = new Map([
  ["ttft", "TTFT"],
  ["itl", "TBT"],
  ["tpot", "TPOT"],
  ["e2el", "end-to-end latency"],
  ["e2e_latency", "end-to-end latency"],
]);

/** Medians and percentiles, as `median_ttft_ms` and `p99.9_itl_ms`; of nothing they are 0. */
function percentilesOf(record: ForeignRecord): Record<string, number> {
  const found: Record<string, number> = {};
  for (const key of Object.keys(record)) {
    const [, statistic, latency] =
      /^(median|p\d{1,2}(?:\.\d{1,6})?)_(ttft|itl|tpot|e2el|e2e_latency)_ms$/.exec(key) ?? [];
    const value = statistic === undefined ? null : numberAt(record, key);
    if (value !== null && value !== 0) found[`${statistic} ${LATENCY_NAMES.get(latency)}`] = value;
  }
  return found;
}

/** An unbounded rate is written as `inf`, `Infinity` or the number itself. */
function settingText(value: unknown): string {
  const text = String(value);
  return /^inf(inity)?$/i.test(text) ? "inf" : text;
}

function numberAt(record: ForeignRecord, key: string): number | null {
  const value = record[key];
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError(`'${key}' is ${JSON.stringify(value)} and not a number`);
}

function countFailed(record: ForeignRecord, completed: number): number | null {
  const failed = numberAt(record, "failed");
  if (failed !== null) return failed;
  const asked = numberAt(record, "num_prompts");
  if (asked !== null) return Math.max(0, asked - completed);
  const { errors } = record;
  return Array.isArray(errors)
    ? errors.filter((text) => text !== "" && text !== null).length
    : null;
}

function requestsOf(record: ForeignRecord): ForeignRequests | null {
  const [inputs, ttfts, itls] = [record.input_lens, record.ttfts, record.itls];
  if (!Array.isArray(inputs) || !Array.isArray(ttfts)) return null;
  const rows = Math.min(inputs.length, ttfts.length);
  const errors = Array.isArray(record.errors) ? record.errors : [];
  const served = (row: number): boolean => !errors[row] && Number(ttfts[row]) > 0;
  return {
    inputTokens: inputs.slice(0, rows).map(Number),
    ttftMs: Array.from(
      { length: rows },
      (_, row) => served(row) ? Number(ttfts[row]) * 1000 : null,
    ),
    gapMs: Array.from({ length: rows }, (_, row) => {
      const gaps = Array.isArray(itls) ? itls[row] : undefined;
      if (!served(row) || !Array.isArray(gaps) || gaps.length === 0) return null;
      return gaps.reduce((sum: number, gap) => sum + Number(gap), 0) / gaps.length * 1000;
    }),
  };
}
