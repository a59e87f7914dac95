import assert from "node:assert/strict";
import { findDataSheet, SHIPPED_PROFILES } from "../card/mod.ts";
import { engineOf } from "./engines.ts";
import { errorsOf, summarise } from "./errors.ts";
import { placementOf } from "./express_row.ts";
import { predictRow } from "./predict_row.ts";
import { readPublished } from "./read.ts";
import { compareWithRecord, recordOf, VALIDATED_ERRORS, validatedError } from "./record.ts";
import { requestsOfRow } from "./row_requests.ts";
import { servedModel } from "./served_geometry.ts";
import { classErrors, predictAll, splitOf } from "./validate.ts";

const texts = new Map<string, string>();
const folder = new URL("./published/", import.meta.url);
for (const { name } of Deno.readDirSync(folder)) {
  texts.set(name, Deno.readTextFileSync(new URL(name, folder)));
}
const data = readPublished(texts);
let predicted: ReturnType<typeof predictAll> | undefined;
/** Every row, predicted once for all tests. */
const predictions = () => predicted ??= predictAll(data, SHIPPED_PROFILES());
const rowOf = (id: string) => data.rows.find((row) => row.id === id)!;

Deno.test("no class's median error grew by more than a point since it was recorded", () => {
  const rows = predictions();
  assert.equal(rows.length, data.rows.length, "every row is predicted or has a reason");
  const grown = compareWithRecord(recordOf(classErrors(rows)), VALIDATED_ERRORS);
  assert.deepEqual(grown, [], "run deno task validate, and --record where the growth is right");
});

Deno.test("compareWithRecord() names classes that grew by more than a point or are gone", () => {
  const summary = { count: 3, median: 0.1, p90: 0.2, apart: 0.2 };
  const before = { all: { ttft: summary }, old: { tpot: summary } };
  const now = { all: { ttft: { ...summary, median: 0.1101 } } };
  assert.deepEqual(compareWithRecord(now, before), [
    "all, ttft: the median error grew from 10.0 % to 11.0 %",
    "old, tpot: no figure is left of the class",
  ]);
  assert.deepEqual(
    compareWithRecord({ ...before, all: { ttft: { ...summary, median: 0.11 } } }, before),
    [],
  );
});

Deno.test("validatedError() falls back to larger classes where one has few figures", () => {
  const h100 = validatedError({ card: "H100", basis: "measured" });
  assert.equal(h100.class, "card: H100 (profile)");
  // One class for all three: 18 figures of TPOT and 3 of throughput are no class of their own.
  for (
    const card of ["L40S", "B200", "MI300X"]
  ) {
    const found = validatedError({ card, basis: "scaled" });
    assert.equal(found.class, `cards without one and the few of ${card}`);
    // What few figures say can only widen the error.
    for (const metric of ["ttft", "tpot", "throughput"] as const) {
      const few = VALIDATED_ERRORS[`card: ${card} (scaled)`]![metric]?.apart ?? 0;
      const all = VALIDATED_ERRORS["cards without one"]![metric]!.apart;
      assert.equal(found[metric], Math.max(few, all), `${card}, ${metric}`);
    }
  }
  assert.equal(validatedError({ card: "A100", basis: "scaled" }).class, "card: A100 (scaled)");
  // A card that its owner measured has no published figures.
  const own = validatedError({ card: "RTX 4090", basis: "measured" });
  assert.equal(own.class, "cards with a profile");
  for (const found of [h100, own]) {
    assert.ok(Math.min(found.ttft, found.tpot, found.throughput) > 0);
  }
});

Deno.test("validatedError() holds nine in ten figures of its class at both of its ends", () => {
  const rows = predictions();
  for (
    const [card, basis] of [["H100", "measured"], ["H200", "measured"], ["A100", "scaled"]] as const
  ) {
    const error = validatedError({ card, basis });
    for (const metric of ["ttft", "tpot", "throughput"] as const) {
      const figures = rows.flatMap((row) =>
        row.kind === "predicted" && `card: ${row.classes.card}` === error.class ? row.errors : []
      ).filter((each) => each.metric === metric);
      const held = figures.filter(({ predicted, measured }) => {
        const ratio = measured / predicted;
        return ratio <= 1.0001 + error[metric] && ratio >= 1 / (1.0001 + error[metric]);
      });
      assert.ok(figures.length >= 20 && held.length >= 0.9 * figures.length, `${card}, ${metric}`);
    }
  }
});

Deno.test("readPublished() names file, line and fix of an unknown key and of a repeated id", () => {
  const one = texts.get("sglang.yaml")!;
  const spoilt = new Map([["geometries.yaml", "[]"], [
    "a.yaml",
    one.replace("  gpus:", "  gpuz:"),
  ]]);
  assert.throws(() => readPublished(spoilt), /a\.yaml:\d+:\d+.*gpuz/s);
  const twice = new Map([["geometries.yaml", "[]"], ["a.yaml", one], ["b.yaml", one]]);
  assert.throws(() => readPublished(twice), /b\.yaml:\d+:\d+.*is taken/s);
});

Deno.test("servedModel() knows weight types by tensor, shared experts, windows and the cache's type", () => {
  const gptOss = rowOf("vllmblog-fp8kv-h100-gpt-oss-20b-fp8");
  const model = servedModel(data.geometries.get("gpt-oss-20b")!, gptOss);
  assert.deepEqual(
    [model.attentionWeights, model.expertWeights, model.cacheBytes, model.tiedEmbeddings],
    ["bf16", "mxfp4", 1, false],
  );
  assert.deepEqual(model.layers.map(({ count, windowTokens }) => [count, windowTokens]), [
    [12, null],
    [12, 128],
  ]);
  const glm = servedModel(data.geometries.get("glm-4.5-air")!, gptOss);
  const kinds = glm.layers.map((
    { count, feedForward: ff },
  ) => [count, ff.experts, ff.denseIntermediate]);
  assert.deepEqual(kinds, [[45, 128, 1408], [1, 0, 10944]]);
});

Deno.test("engineOf() follows cards, flags and releases", () => {
  const h100 = findDataSheet("H100")!;
  const a100 = findDataSheet("A100")!;
  assert.deepEqual(
    [h100, a100].map((sheet) => engineOf("vllm", { sheet }).limits.maxBatchedTokens),
    [8192, 2048],
  );
  const settings = { maxBatchedTokens: 4096, maxSequences: 7, graphTokens: 8 };
  const set = engineOf("vllm", { sheet: h100, settings });
  assert.deepEqual(
    [set.limits.maxBatchedTokens, set.limits.maxSequences, set.overhead.graphTokens],
    [4096, 7, 8],
  );
  // Scheduling beside the step before is vLLM's default since 0.14.
  const overlapped = (version: string, asked?: boolean): boolean =>
    engineOf("vllm", {
      sheet: h100,
      version,
      settings: asked === undefined ? {} : { overlapped: asked },
    }).overhead.overlapped;
  assert.deepEqual(
    ["0.11.0", "0.13.9", "0.14.0", "v0.19.1", "1.0", "", "main"].map((each) => overlapped(each)),
    [false, false, true, true, true, false, false],
  );
  assert.deepEqual([overlapped("0.11.0", true), overlapped("0.19.1", false)], [true, false]);
});

Deno.test("placementOf() reads columns, flags and notes, in this order", () => {
  const row = { ...rowOf("sglcb-minimax-m2.5-L768"), tp: 8 };
  const placed = { tensorParallel: 8, expertParallel: 8, pipelineParallel: 1 };
  assert.deepEqual(placementOf(row, { expertParallel: 8 }), placed);
  assert.deepEqual(placementOf(row, { expertsWhole: true }), placed);
  assert.deepEqual(placementOf({ ...row, notes: "expert parallel 8" }, {}), placed);
  assert.deepEqual(placementOf({ ...row, pp: 2 }, {}), {
    tensorParallel: 8,
    expertParallel: 1,
    pipelineParallel: 2,
  });
  const { tp: _, ...bare } = row;
  assert.deepEqual(placementOf(bare, { tensorParallel: 4, pipelineParallel: 2 }), {
    tensorParallel: 4,
    expertParallel: 1,
    pipelineParallel: 2,
  });
});

Deno.test("requestsOfRow() draws lengths of the row's means, the same every time", () => {
  for (const id of ["gpustack-qwen3-32b-h100-L89", "sglcb-ernie4.5-L302"]) {
    const row = rowOf(id);
    const requests = requestsOfRow(row);
    assert.equal(requests.length, row.prompts);
    assert.deepEqual(requests, requestsOfRow(row));
    for (
      const [key, mean] of [["inputTokens", row.input_tokens], [
        "outputTokens",
        row.output_tokens,
      ]] as const
    ) {
      const drawn = requests.reduce((sum, request) => sum + request[key], 0) / requests.length;
      assert.ok(Math.abs(drawn / mean - 1) < 0.12, `${id}: ${key} ${drawn} for ${mean}`);
    }
  }
});

Deno.test("errorsOf() compares means with means and medians with medians", () => {
  const prediction = {
    ttftMs: { mean: 110, p50: 60 },
    tpotMs: { mean: 9, p50: 8 },
    itlMs: { p50: 5 },
    outputTokensPerSecond: 90,
    basis: "measured",
    steps: 1,
    preemptions: 0,
  } as const;
  const row = {
    ...rowOf("gpustack-qwen3-32b-h100-L89"),
    "ttft_ms": { mean: null, p50: 50 },
    "tpot_ms": {},
    "itl_ms": { p50: 4 },
    "output_tokens_per_s": 100,
  };
  assert.deepEqual(
    errorsOf(row, prediction).map(({ metric, error }) => [metric, +error.toFixed(6)]),
    [
      ["ttft", 0.2],
      ["tpot", 0.25],
      ["throughput", -0.1],
    ],
  );
  const summary = summarise([-0.3, 0.1, 0.2])!;
  // 0.7 of what was measured is as far from it as 1.43 times.
  assert.ok(Math.abs(summary.apart - (1 / 0.7 - 1)) < 1e-12);
  assert.deepEqual({ ...summary, apart: 0 }, {
    count: 3,
    median: 0.2,
    p90: 0.3,
    apart: 0,
    bias: 0.1,
  });
});

Deno.test("predictRow() gives a reason for whatever it cannot express, and never throws", () => {
  const row = rowOf("gpustack-qwen3-32b-h100-L89");
  const options = { geometries: data.geometries, profiles: SHIPPED_PROFILES() };
  for (
    const [changes, expected] of [
      [{ gpu: "TPU v5" }, /nothing is known of the card/],
      [{ engine: "MyEngine" }, /no profile/],
      [{ geometry: "nowhere" }, /no geometry/],
      [{ gpu: "RTX 3090 24GB" }, /the cache holds -?\d+ tokens/],
      [{ tp: 512 }, /its 64 query heads cannot be shared by 512 ranks/],
    ] as const
  ) {
    const outcome = predictRow({ ...row, ...changes }, options);
    assert.equal(outcome.kind, "unexpressed");
    assert.match(outcome.kind === "unexpressed" ? outcome.reason : "", expected);
  }
});

Deno.test("splitOf() halves the rows by their ids alone", () => {
  const held = data.rows.filter(({ id }) => splitOf(id) === "held out").length;
  assert.ok(Math.abs(held / data.rows.length - 0.5) < 0.07);
});

Deno.test("a row that was never seen is predicted, refused at its place, or has a reason", () => {
  const known = `- id: never-seen
  source: made up
  gpu: H100 80GB SXM
  gpus: 1
  tp: 1
  engine: vLLM
  model: openai/gpt-oss-20b
  geometry: gpt-oss-20b
  weights_dtype: mxfp4 experts, bf16 rest
  input_tokens: 200
  output_tokens: 20
  prompts: 20
  rate_per_s: .inf
  ttft_ms: {}
  tpot_ms: {}
  itl_ms: {}
  workload: random
  flags: vllm serve
  trust: high
  notes: ""
`;
  const geometries = texts.get("geometries.yaml")!;
  const outcomeOf = (from: string, to: string): string => {
    assert.ok(known.includes(from), from);
    const { rows: [row], geometries: sizes, placeOf } = readPublished(
      new Map([["geometries.yaml", geometries], ["a.yaml", known.replace(from, to)]]),
    );
    const outcome = predictRow(row, { geometries: sizes, profiles: SHIPPED_PROFILES() });
    return outcome.kind === "predicted"
      ? outcome.prediction.basis
      : `${placeOf(row.id, outcome.at)}: ${outcome.reason}`;
  };
  const expected: readonly (readonly [from: string, to: string, outcome: RegExp])[] = [
    ["", "", /^measured$/],
    [".inf", "all-at-once", /^measured$/],
    ["  rate_per_s: .inf\n", "", /^measured$/],
    ["H100 80GB SXM", "NVIDIA H100-SXM5-80GB", /^measured$/],
    ["H100 80GB SXM", "H100 80GB PCIe", /^scaled$/],
    ["H100 80GB SXM", "GH200 96GB", /^scaled$/],
    ["H100 80GB SXM", "A100 40GB", /^scaled$/],
    ["H100 80GB SXM", "RTX 9090", /^a\.yaml:3:8: nothing is known of the card "RTX 9090"/],
    ["H100 80GB SXM", "AMD Instinct MI300X", /^scaled$/],
    ["H100 80GB SXM", "MI250X", /nothing is known of the card/],
    ["H100 80GB SXM", "Intel Gaudi 3", /nothing is known of the card/],
    ["H100 80GB SXM", "GB200", /^scaled$/],
    ["H100 80GB SXM", "H100 and H200", /^a\.yaml:3:8: "H100 and H200" are several kinds of cards/],
    ["H100 80GB SXM", "H100 1g.10gb MIG", /is a part of a card/],
    [
      "engine: vLLM",
      "engine: vLLM\n  engine_version: 0.6.3",
      /^a\.yaml:7:19: vLLM 0\.6\.3 schedules/,
    ],
    ["engine: vLLM", "engine: vLLM with EAGLE", /^a\.yaml:6:11: it has speculative decoding/],
    ["engine: vLLM", "engine: llama.cpp", /how many slots llama\.cpp's server had is not stated/],
    ["model: openai/gpt-oss-20b", "model: deepseek-ai/DeepSeek-V3", /^a\.yaml:7:10: .*\(MLA\)/],
    ["model: openai/gpt-oss-20b", "model: ai21labs/Jamba-1.5", /layers without a cache of keys/],
    ["model: openai/gpt-oss-20b", "model: Qwen/Qwen3-Next-80B", /layers without a cache of keys/],
    ["model: openai/gpt-oss-20b", "model: deepseek-ai/R1-Distill-Llama", /^measured$/],
    ["mxfp4 experts, bf16 rest", "Q5_K_M", /^a\.yaml:9:18: the type of weights "Q5_K_M" is not/],
    ["mxfp4 experts, bf16 rest", "IQ4_XS", /the type of weights "IQ4_XS" is not known/],
    ["mxfp4 experts, bf16 rest", "nvfp4", /^measured$/],
    ["gpus: 1\n  tp: 1", "gpus: 16\n  tp: 16", /^a\.yaml:4:9: its 16 ranks lie on several hosts/],
    ["gpus: 1\n  tp: 1", "gpus: 8\n  tp: 4\n  pp: 2", /^measured$/],
    ["gpus: 1\n  tp: 1", "gpus: 2\n  tp: 2\n  ep: 3", /32 experts cannot be shared by 3 ranks/],
    ["  gpus: 1\n  tp: 1\n", "", /^measured$/],
    ["  tp: 1\n", "  tp: 2\n  pp: 1\n", /it has 1 GPUs for 2 ranks/],
    ["vllm serve", "vllm serve -tp 4", /^a\.yaml:5:7: its column tp says 1, its flags 4/],
    [
      "vllm serve",
      "vllm serve --max-model-len 100",
      /its requests have 220 tokens, more than the 100/,
    ],
    ["vllm serve", "vllm serve --enable-lora", /^a\.yaml:18:10: it runs adapters/],
    ["vllm serve", "vllm serve --turbo 3", /its flag --turbo is not known here/],
    ["vllm serve", "vllm serve --gpu-memory-utilization 0.16", /^a\.yaml:10:17: the cache holds/],
    ["vllm serve", "vllm serve --gpu-memory-utilization 0.5", /^measured$/],
    ['notes: ""', "notes: with a draft model, accepted length 2.6", /speculative decoding/],
    ['notes: ""', "notes: speculative decoding off", /^measured$/],
    ["workload: random", "workload: 8 LoRA adapters", /LoRA/],
    ["workload: random", "workload: one image a request", /inputs that are no text/],
    ["workload: random", "workload: multi-turn chat", /prompts that share prefixes/],
    ["workload: random", "workload: random, n=4", /several answers a prompt/],
    ["engine: vLLM", "engine: own", /the engine "own" has no profile/],
    ["geometry: gpt-oss-20b", "geometry: nope", /no geometry is named "nope"/],
    ["  geometry: gpt-oss-20b\n", "", /the sizes of openai\/gpt-oss-20b are not known/],
    ["mxfp4 experts, bf16 rest", "ternary", /the type of weights "ternary" is not known/],
    ["  tp: 1", "  tp: 1\n  kv_dtype: q3", /the type of cache "q3" is not known/],
    ["vllm serve", "--kv-cache-dtype q3", /the type of cache "q3" is not known/],
    ["gpus: 1\n  tp: 1", "gpus: 3\n  tp: 3", /64 query heads cannot be shared by 3 ranks/],
    ["  tp: 1", "  tp: 2", /it has 1 GPUs for 2 ranks/],
    ["gpus: 1", "gpus: 4", /it has 4 GPUs for 1 ranks, and says nothing of the rest/],
    ["vllm serve", "--speculative-config eagle", /speculative decoding, which is not modelled/],
    ["workload: random", "workload: disaggregated", /prefill and decode on different cards/],
    ["vllm serve", "--enforce-eager", /without CUDA graphs, which is not modelled/],
    ["  prompts: 20\n", "", /neither its concurrency nor its number of prompts/],
  ];
  for (const [from, to, outcome] of expected) assert.match(outcomeOf(from, to), outcome);
  assert.throws(() => outcomeOf("input_tokens: 200", "input_tokens: 2k"), /a\.yaml:10:17.*type/);
  assert.throws(() => outcomeOf("ttft_ms: {}", "ttft_ms: { mean: -1 }"), /a\.yaml:14:20.*-1/);
  assert.throws(() => outcomeOf("ttft_ms", "ttft_s"), /a\.yaml:14:3.*did you mean "ttft_ms"/s);
});

Deno.test("findDataSheet() tells cards apart whose names contain each other", () => {
  const names = ["GH200", "H200", "H20", "H100 NVL", "A100 40GB", "L40S", "L40", "L4", "GB200"];
  assert.deepEqual(names.map((name) => findDataSheet(`NVIDIA ${name}`)?.name), [
    ...names.slice(0, -1),
    "B200",
  ]);
  for (const unknown of ["A10", "A10G", "H2000", "B300", "XL4"]) {
    assert.equal(findDataSheet(unknown), undefined);
  }
});
