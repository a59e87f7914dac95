/** Requests whose lengths are those of a published row. */

import { createRandom, type Random } from "../../allocator/mod.ts";
import type { PublishedRow } from "./published.ts";
import type { SimulatedRequest } from "./simulate.ts";

/** Spread of a conversation's lengths in logarithms: ShareGPT, cut to 1,024 and more than 3 tokens. */
const CHAT_INPUT_SIGMA = 1.35;
const CHAT_OUTPUT_SIGMA = 1.05;
const MAX_CHAT_TOKENS = 1024;
/** Requests for each one of a closed loop where a source does not say how many there were. */
const WAVES = 10;
const FEW_WAVES = 4;

type Draw = (random: Random) => number;

function uniform(low: number, high: number): Draw {
  return (random) => Math.round(low + (high - low) * random.nextFloat());
}

/** A log-normal length that is cut off, of this mean. */
function chat(mean: number, sigma: number): Draw {
  const cut = (scale: number, normal: number): number =>
    Math.min(MAX_CHAT_TOKENS, Math.max(4, scale * Math.exp(sigma * normal)));
  // The scale whose cut mean is the wanted one, by halving over evenly spread quantiles.
  let [low, high] = [1, mean * 2];
  for (let round = 0; round < 40; round++) {
    const scale = (low + high) / 2;
    let sum = 0;
    for (let index = 0; index < 200; index++) {
      sum += cut(scale, normalQuantile((index + 0.5) / 200));
    }
    if (sum / 200 < mean) low = scale;
    else high = scale;
  }
  return (random) => Math.round(cut(low, random.nextNormal()));
}

/** Quantile of the standard normal, by halving over its distribution function. */
function normalQuantile(share: number): number {
  let [low, high] = [-8, 8];
  for (let round = 0; round < 50; round++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Distribution function of the standard normal (Abramowitz and Stegun, 26.2.17). */
function normalShare(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x >= 0 ? 1 - tail : tail;
}

/** A fixed length whose mean may be broken: the next two whole numbers, drawn by share. */
function fixed(mean: number): Draw {
  const low = Math.floor(mean);
  return (random) => low + (random.nextFloat() < mean - low ? 1 : 0);
}

function drawsOf(row: PublishedRow): { input: Draw; output: Draw } {
  const { workload, input_tokens: input, output_tokens: output } = row;
  if (workload.includes("ShareGPT")) {
    return { input: chat(input, CHAT_INPUT_SIGMA), output: chat(output, CHAT_OUTPUT_SIGMA) };
  }
  if (workload.includes("range ratio 0")) {
    return { input: uniform(1, 2 * input - 1), output: uniform(1, 2 * output - 1) };
  }
  if (workload.includes("nominal")) {
    return { input: uniform(0.8 * input, input), output: uniform(0.8 * output, output) };
  }
  if (workload.includes("15 %")) {
    return {
      input: uniform(0.85 * input, 1.15 * input),
      output: uniform(0.85 * output, 1.15 * output),
    };
  }
  return { input: fixed(input), output: fixed(output) };
}

/**
 * The requests of a row; closed loops have no arrival times. Where all are sent at once they still
 * reach the engine one after another, `admitMs` apart: tokenising and templates run on one core.
 */
export function requestsOfRow(row: PublishedRow): SimulatedRequest[] {
  const random = createRandom(seedOf(row.id));
  const { input, output } = drawsOf(row);
  const { input_tokens: prompt, workload } = row;
  // InferenceX uses powers of two and ten waves (--num-prompts=$(( CONC * 10 ))); runs of round
  // thousands are vendors' own and short.
  const few = workload.includes("nominal") && prompt % 1000 === 0;
  const waves = few ? FEW_WAVES : WAVES;
  const count = row.prompts ??
    (row.concurrency ?? 1) * (row.workload === "static batch" ? 1 : waves);
  const rate = typeof row.rate_per_s === "number" ? row.rate_per_s : Infinity;
  let arrivalMs = 0;
  return Array.from({ length: count }, (_, index) => {
    const inputTokens = Math.max(1, input(random));
    const request = {
      arrivalMs: row.concurrency === undefined || Number.isFinite(rate) ? arrivalMs : null,
      inputTokens,
      outputTokens: Math.max(1, output(random)),
      cachedTokens: index < (row.cached_prompts ?? 0) ? inputTokens : 0,
    };
    if (Number.isFinite(rate)) arrivalMs += -Math.log(1 - random.nextFloat()) * 1000 / rate;
    return request;
  });
}

/** A seed from a name, so that every row draws the same at every run. */
export function seedOf(text: string): number {
  let seed = 2166136261;
  for (const char of text) seed = Math.imul(seed ^ char.codePointAt(0)!, 16777619) >>> 0;
  return seed;
}
