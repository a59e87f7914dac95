/** The `model` clock on a card's profile: every kernel of a step at its measured time. */

import { localHeads } from "../../fixtures/mod.ts";
import { countWork, createWorkCount, type WorkCount } from "../../kernel/mod.ts";
import {
  type AttentionShape,
  type CostModel,
  createRestCost,
  decodeUs,
  promptUs,
  visiblePairs,
} from "../card/mod.ts";
import { type ComputedClockOptions, createComputedClock, workOfHeads } from "./computed_clock.ts";
import { classifyLayers } from "./layer_classes.ts";
import type { RestStep } from "./rest_of_layer.ts";
import type { StepBatch, StepClock } from "./step_clock.ts";

/** Rows of at most this many new tokens are read as decode rows are. */
const MAX_DECODE_QUERIES = 16;

/** What the calibrated clock needs. */
export interface CalibratedClockOptions extends ComputedClockOptions {
  /** Card, profile and factors. */
  readonly cost: CostModel;
}

/** Milliseconds of the rest of a step, from the card's profile, for any clock of attention. */
export function createCalibratedRest(cost: CostModel): (step: RestStep) => number {
  const restUs = createRestCost(cost);
  return ({ tokens, sampledRows }) => restUs(tokens, sampledRows) / 1000;
}

/**
 * Creates a clock that takes both attention and the rest of a step from a card's profile. A side's
 * walk says how many keys each head reads: the time of a full head is measured, and heads that read
 * less take their share of it.
 */
export function createCalibratedClock(o: CalibratedClockOptions): StepClock {
  const { model } = o.workload;
  const { kvHeads, queryHeads } = localHeads(model, o.workload.tensorParallel);
  const shape: AttentionShape = {
    queryHeads,
    kvHeads,
    headSize: model.headSize,
    valueHeadSize: model.headSize,
    cacheBytes: o.cost.model.cacheReadBytes,
  };
  const slots = o.workload.scheduler.maxSequences;
  const classes = classifyLayers(o.heads);
  const decodeLengths = new Int32Array(slots);
  const promptLengths = new Int32Array(slots);
  const { full: fullHead, window: windowHead } = workOfHeads(o);
  const counts = {
    decode: { full: createWorkCount(), window: createWorkCount() },
    prompt: { full: createWorkCount(), window: createWorkCount() },
  };
  const passes = o.side.form === "two-pass" ? 2 : 1;

  /** Microseconds of the prompts' attention in a layer whose heads all see everything. */
  const fullPromptsUs = (cachedLengths: Int32Array): number => {
    let us = 0;
    for (let slot = 0; slot < slots; slot++) {
      const query = promptLengths[slot];
      if (query === 0) continue;
      const row = { query, cached: cachedLengths[slot], windowTokens: null };
      us += promptUs(o.cost.card, shape, { ...row, kernel: o.cost.promptKernel });
    }
    return us;
  };

  const attentionMs = ({ queryLengths, cachedLengths }: StepBatch): number => {
    let requests = 0;
    let [prompts, pairs] = [0, 0];
    for (let slot = 0; slot < slots; slot++) {
      const query = queryLengths[slot];
      const decodes = query > 0 && query <= MAX_DECODE_QUERIES;
      decodeLengths[slot] = decodes ? query : 0;
      promptLengths[slot] = decodes ? 0 : query;
      requests += decodes ? 1 : 0;
      if (query === 0 || decodes) continue;
      prompts++;
      pairs += visiblePairs({ query, cached: cachedLengths[slot] }, null);
    }
    const count = (queries: Int32Array, into: { full: WorkCount; window: WorkCount }): void => {
      countWork({ ...fullHead, queryLengths: queries, cachedLengths }, into.full);
      countWork({ ...windowHead, queryLengths: queries, cachedLengths }, into.window);
    };
    if (requests > 0) count(decodeLengths, counts.decode);
    if (prompts > 0) count(promptLengths, counts.prompt);
    const promptsUs = prompts === 0 ? 0 : fullPromptsUs(cachedLengths);
    const pairFlops = 4 * model.headSize * (queryHeads / kvHeads) * pairs;
    let us = 0;
    for (const { fullHeads, windowHeads, layers } of classes) {
      // A layer's heads run side by side: what they read and compute is spread over all of them.
      const spread = (key: "keysRead" | "flops", of: { full: WorkCount; window: WorkCount }) =>
        (fullHeads * of.full[key] + windowHeads * of.window[key]) / (fullHeads + windowHeads);
      const decode = requests === 0 ? 0 : decodeUs(o.cost.card, shape, {
        requests,
        tokens: spread("keysRead", counts.decode),
        kernel: o.cost.decodeKernel,
      });
      const prompt = prompts === 0 ? 0 : promptsUs * spread("flops", counts.prompt) / pairFlops;
      us += layers * (decode * o.cost.factors.decodeAttention +
        prompt * o.cost.factors.promptAttention);
    }
    return passes * us / 1000;
  };

  return createComputedClock(o, "model", { attentionMs, restMs: createCalibratedRest(o.cost) });
}
