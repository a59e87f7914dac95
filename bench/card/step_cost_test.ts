import assert from "node:assert/strict";
import { promptUs, visiblePairs } from "./attention_costs.ts";
import { openCard } from "./card_costs.ts";
import { visitedExperts } from "./expert_costs.ts";
import { allReduceUs } from "./link_costs.ts";
import { SHIPPED_PROFILES } from "./profiles.ts";
import { type ServedModel, weightBytes } from "./served_model.ts";
import { type CostModel, createStepCost, NO_FACTORS } from "./step_cost.ts";

const ATTENTION = {
  windowTokens: null,
  chunked: false,
  queryHeads: 20,
  kvHeads: 4,
  headSize: 128,
  valueHeadSize: 128,
};
/** Sizes of ERNIE-4.5-21B-A3B. */
const ERNIE: ServedModel = {
  name: "ernie",
  hidden: 2560,
  vocabulary: 103424,
  tiedEmbeddings: true,
  attentionWeights: "bf16",
  denseWeights: "bf16",
  expertWeights: "bf16",
  cacheBytes: 2,
  cacheReadBytes: 2,
  layers: [
    {
      count: 1,
      ...ATTENTION,
      feedForward: {
        denseIntermediate: 12288,
        gated: true,
        experts: 0,
        expertsPerToken: 0,
        expertIntermediate: 0,
      },
    },
    {
      count: 27,
      ...ATTENTION,
      feedForward: {
        denseIntermediate: 3072,
        gated: true,
        experts: 64,
        expertsPerToken: 6,
        expertIntermediate: 1536,
      },
    },
  ],
};
const H100: CostModel = {
  card: openCard("H100", SHIPPED_PROFILES()),
  links: [],
  model: ERNIE,
  placement: { tensorParallel: 1, expertParallel: 1, pipelineParallel: 1 },
  promptKernel: "triton-paged",
  decodeKernel: "triton-paged",
  factors: NO_FACTORS,
};
const read = async (name: string) =>
  JSON.parse(
    await Deno.readTextFile(new URL(`../../docs/results/${name}`, import.meta.url)),
  );

Deno.test("createStepCost() predicts the steps of a model loop on an H100", async () => {
  const { steps: batches } = await read("model-loop-batches.json");
  const { steps } = await read("model-loop-h100.json");
  const cost = createStepCost(H100);
  const errors: Record<string, number[]> = { decode: [], mixed: [] };
  for (const { index, milliseconds, captured } of steps) {
    const { queries, cached } = batches[index] as { queries: number[]; cached: number[] };
    const prompts = queries.flatMap((query, row) =>
      query > 1 ? [{ query, cached: cached[row] }] : []
    );
    const seen = queries.reduce((sum, query, row) => query > 1 ? sum : sum + cached[row] + 1, 0);
    const { attentionMs, restMs } = cost({
      prompts,
      decodeRows: queries.length - prompts.length,
      decodeTokens: () => seen,
      sampledRows: queries.length,
    });
    errors[captured ? "decode" : "mixed"].push(
      Math.abs((attentionMs + restMs) / milliseconds - 1),
    );
  }
  for (const [kind, found] of Object.entries(errors)) {
    found.sort((a, b) => a - b);
    assert.equal(found.length, 44, kind);
    assert.ok(found[22] <= 0.05, `${kind}: the median error is ${found[22]}`);
    assert.ok(found[39] <= 0.1, `${kind}: nine in ten are within ${found[39]}`);
  }
});

Deno.test("weightBytes() counts 21.8 billion weights of ERNIE-4.5-21B-A3B", () => {
  assert.ok(Math.abs(weightBytes(ERNIE) / 2 / 21.8e9 - 1) < 0.02);
  const narrow = weightBytes({ ...ERNIE, expertWeights: "mxfp4" });
  assert.ok(narrow < 0.35 * weightBytes(ERNIE));
});

Deno.test("createStepCost() divides a step over ranks and pays for the all-reduces", () => {
  const rows = {
    prompts: [{ query: 4096, cached: 0 }],
    decodeRows: 0,
    decodeTokens: () => 0,
    sampledRows: 1,
  };
  const on = (tensorParallel: number) =>
    createStepCost({ ...H100, placement: { ...H100.placement, tensorParallel } })(rows);
  const [one, two] = [on(1), on(2)];
  const links = allReduceUs(H100.card, [], { bytes: 4096 * 2560 * 2, gpus: 2 }) * 56 / 1000;
  assert.ok(two.attentionMs < 0.6 * one.attentionMs);
  assert.ok(two.restMs > 0.45 * one.restMs + links && two.restMs < 0.75 * one.restMs + links);
});

Deno.test("createStepCost() scales what a factor names and nothing else", () => {
  const rows = { prompts: [], decodeRows: 8, decodeTokens: () => 80_000, sampledRows: 8 };
  const plain = createStepCost(H100)(rows);
  const slow = createStepCost({ ...H100, factors: { ...NO_FACTORS, decodeAttention: 2 } })(rows);
  assert.ok(Math.abs(slow.attentionMs / plain.attentionMs - 2) < 1e-9);
  assert.equal(slow.restMs, plain.restMs);
});

Deno.test("a window bounds what prompts and decode rows cost", () => {
  assert.equal(visiblePairs({ query: 3, cached: 2 }, null), 3 + 4 + 5);
  assert.equal(visiblePairs({ query: 3, cached: 2 }, 4), 3 + 4 + 4);
  assert.equal(visiblePairs({ query: 3, cached: 9 }, 4), 12);
  const shape = { ...ATTENTION, cacheBytes: 2 };
  const at = (windowTokens: number | null): number =>
    promptUs(H100.card, shape, { query: 8192, cached: 8192, windowTokens, kernel: "cudnn" });
  assert.ok(at(1024) < 0.15 * at(null));
});

Deno.test("visitedExperts() counts each expert once", () => {
  assert.equal(visitedExperts(64, 6, 1), 6);
  assert.ok(visitedExperts(64, 6, 1000) > 63.99 && visitedExperts(64, 6, 1000) <= 64);
});
