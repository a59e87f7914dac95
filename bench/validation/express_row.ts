/** Whether a published row says what a prediction needs, and nothing that no prediction has. */

import { findDataSheet, type Placement } from "../card/mod.ts";
import { findEngine } from "./engines.ts";
import type { PublishedGeometry, PublishedRow } from "./published.ts";
import { readRunFlags, type RunSettings } from "./run_flags.ts";
import { whyNotTypes } from "./served_geometry.ts";

/** What a row comes to, or why it cannot be predicted. */
export type ExpressedRow =
  | {
    readonly kind: "expressed";
    readonly geometry: PublishedGeometry;
    readonly settings: Partial<RunSettings>;
    readonly placement: Placement;
  }
  | Unexpressed;

/** Why a row cannot be predicted, and which key says so. */
export interface Unexpressed {
  /** Told apart from what can. */
  readonly kind: "unexpressed";
  /** In words. */
  readonly reason: string;
  /** Key that the reason is about, or null for the whole row. */
  readonly at: keyof PublishedRow | null;
}

/** A reason with its key. */
type Why = Omit<Unexpressed, "kind">;

/** Cards of one host that all-reduces of a profile hold for. */
const HOST_CARDS = 8;

/** Ways to serve that no prediction has, wherever a row's words name them. */
const UNMODELLED_SERVING: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/speculative|\beagle|\bmtp\b|medusa|draft model/i, "speculative decoding"],
  [/disaggregat/i, "prefill and decode on different cards"],
  [/\blora\b/i, "adapters beside the weights (LoRA)"],
  [/enforce[-_ ]eager|without cuda graphs/i, "steps without CUDA graphs"],
  [/\bcpu offload|offload(ed|ing)? to (the )?(host|cpu)/i, "weights or a cache on the host"],
];
/** Words that say of a way to serve that it was not used. */
const NOT_USED = /\b(no|not|without|off|disabled)\b/i;

/** Workloads that no prediction has. */
const UNMODELLED_WORKLOADS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/image|video|audio|multi-?modal|vision/i, "inputs that are no text"],
  [/embedding|rerank|pooling|classif/i, "requests that generate nothing"],
  [/beam|best of|parallel sampling|\bn ?= ?\d/i, "several answers a prompt"],
  [/guided|structured|json schema|grammar/i, "answers that are held to a grammar"],
  [/shared[- ]prefix|multi-?turn|conversation|agentic/i, "prompts that share prefixes"],
];

/** Models whose layers are none of those that a geometry here can say. */
const UNMODELLED_MODELS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [
    /deepseek[-_ ]?(v2|v3|r1|coder-v2|prover-v2)(?!.*distill)|kimi[-_ ]k2|glm-5|longcat|mistral-large-3/i,
    "caches one latent vector a token (MLA)",
  ],
  [
    /mamba|jamba|bamba|zamba|nemotron[-_ ]?(h|nano|3)|falcon[-_ ]h1|granite[-_ ]4|qwen3[-_ ]next|qwen3\.5|kimi[-_ ]linear|minimax[-_ ](m1|text)|lfm2|rwkv|ring-.*linear/i,
    "has layers without a cache of keys (state space or linear attention)",
  ],
  [/whisper|\bt5\b|bart|mllama|llama-3\.2-(11|90)b/i, "attends to an encoder"],
];

/** Looks through a row for what is missing, contradicts itself, or is not modelled. */
export function expressRow(
  row: PublishedRow,
  geometries: ReadonlyMap<string, PublishedGeometry>,
): ExpressedRow {
  const why = whyNot(row, geometries);
  if (why !== null) return { kind: "unexpressed", ...why };
  const geometry = geometries.get(row.geometry!)!;
  const flags = readRunFlags(row.flags ?? "");
  if (flags.kind === "unexpressed") return { ...flags, at: "flags" };
  const { settings } = flags;
  const placement = placementOf(row, settings);
  const misfit = whyNotTypes(row, settings) ?? whyContradicting(row, settings) ??
    whyNotCut(row, geometry, placement);
  if (misfit !== null) return { kind: "unexpressed", ...misfit };
  return { kind: "expressed", geometry, settings, placement };
}

function whyNot(
  row: PublishedRow,
  geometries: ReadonlyMap<string, PublishedGeometry>,
): Why | null {
  const machine = whyNotMachine(row);
  if (machine !== null) return machine;
  const model = UNMODELLED_MODELS.find(([pattern]) => pattern.test(row.model));
  if (model !== undefined) {
    return { reason: `the model ${model[1]}, which is not modelled`, at: "model" };
  }
  if (row.geometry === undefined) {
    return { reason: `the sizes of ${row.model} are not known`, at: "model" };
  }
  if (!geometries.has(row.geometry)) {
    return { reason: `no geometry is named "${row.geometry}"`, at: "geometry" };
  }
  if (row.concurrency === undefined && row.prompts === undefined) {
    return { reason: "neither its concurrency nor its number of prompts is stated", at: null };
  }
  for (const at of ["engine", "workload", "notes"] as const) {
    const clauses = row[at].split(/[;,.]/).filter((clause) => !NOT_USED.test(clause));
    const found = UNMODELLED_SERVING.find(([pattern]) =>
      clauses.some((clause) => pattern.test(clause))
    );
    if (found !== undefined) return { reason: `it has ${found[1]}, which is not modelled`, at };
  }
  const workload = UNMODELLED_WORKLOADS.find(([pattern]) => pattern.test(row.workload));
  if (workload !== undefined) {
    return { reason: `it has ${workload[1]}, which is not modelled`, at: "workload" };
  }
  if (row.context_depth !== undefined) {
    const reason =
      "it starts at a depth of context with a batch of its own, which no workload here does";
    return { reason, at: "context_depth" };
  }
  return null;
}

/** Why nothing can be said of a row's card or engine. */
function whyNotMachine(row: PublishedRow): Why | null {
  const { gpu, engine, engine_version: version = "" } = row;
  if (findDataSheet(gpu) === undefined) {
    return { reason: `nothing is known of the card "${gpu}"`, at: "gpu" };
  }
  const cards = gpu.split(/ and |[+&/,]/).flatMap((part) => findDataSheet(part)?.name ?? []);
  if (new Set(cards).size > 1) return { reason: `"${gpu}" are several kinds of cards`, at: "gpu" };
  if (/\bmig\b|\b\dg\.\d+gb/i.test(gpu)) {
    return { reason: `"${gpu}" is a part of a card, whose share is not modelled`, at: "gpu" };
  }
  const name = findEngine(engine);
  if (name === undefined) return { reason: `the engine "${engine}" has no profile`, at: "engine" };
  if (name === "vllm" && /^v?0\.[0-7](\.|$)/.test(version)) {
    return { reason: `vLLM ${version} schedules otherwise than version 1`, at: "engine_version" };
  }
  return name === "llama.cpp" && (row.concurrency ?? row.prompts ?? 1) > 1
    ? { reason: "how many slots llama.cpp's server had is not stated", at: "engine" }
    : null;
}

/** Where the columns of a row and its flags do not say the same. */
function whyContradicting(row: PublishedRow, settings: Partial<RunSettings>): Why | null {
  for (
    const [column, setting] of [
      ["tp", "tensorParallel"],
      ["pp", "pipelineParallel"],
      ["ep", "expertParallel"],
    ] as const
  ) {
    const [written, flagged] = [row[column], settings[setting]];
    if (written !== undefined && flagged !== undefined && written !== flagged) {
      return { reason: `its column ${column} says ${written}, its flags ${flagged}`, at: column };
    }
  }
  const longest = settings.modelLengthTokens;
  const needed = row.input_tokens + row.output_tokens;
  if (longest === undefined || needed <= longest) return null;
  const reason = `its requests have ${
    Math.round(needed)
  } tokens, more than the ${longest} of its flags`;
  return { reason, at: "flags" };
}

/** Where a row's model lies, by its columns, else its flags and notes. */
export function placementOf(row: PublishedRow, settings: Partial<RunSettings>): Placement {
  const tensorParallel = row.tp ?? settings.tensorParallel ?? 1;
  const noted = /expert parallel (\d+)/.exec(row.notes)?.[1];
  return {
    tensorParallel,
    expertParallel: row.ep ?? settings.expertParallel ??
      (settings.expertsWhole ? tensorParallel : Number(noted ?? 1)),
    pipelineParallel: row.pp ?? settings.pipelineParallel ?? 1,
  };
}

/** Why a model cannot lie on the ranks that a row states. */
function whyNotCut(
  row: PublishedRow,
  geometry: PublishedGeometry,
  { tensorParallel: tp, pipelineParallel: pp, expertParallel: ep }: Placement,
): Why | null {
  const { q_heads: heads, layers } = geometry;
  const experts = geometry.experts ?? 0;
  const ranks = tp * pp;
  const { gpus = ranks } = row;
  const rules: readonly (readonly [broken: boolean, reason: string, at: Why["at"]])[] = [
    [heads % tp !== 0, `its ${heads} query heads cannot be shared by ${tp} ranks`, "tp"],
    [pp > layers, `its ${layers} layers cannot be shared by ${pp} stages`, "pp"],
    [
      ep > 1 && (experts === 0 || experts % ep !== 0),
      `its ${experts} experts cannot be shared by ${ep} ranks`,
      "ep",
    ],
    [tp % ep !== 0, `its ${tp} tensor-parallel ranks cannot be ${ep} groups with experts`, "ep"],
    [gpus < ranks, `it has ${gpus} GPUs for ${ranks} ranks`, "gpus"],
    [
      gpus > ranks,
      `it has ${gpus} GPUs for ${ranks} ranks, and says nothing of the rest`,
      "gpus",
    ],
    [
      ranks > HOST_CARDS,
      `its ${ranks} ranks lie on several hosts, and no profile has the links between hosts`,
      "gpus",
    ],
  ];
  const broken = rules.find(([isBroken]) => isBroken);
  return broken === undefined ? null : { reason: broken[1], at: broken[2] };
}
