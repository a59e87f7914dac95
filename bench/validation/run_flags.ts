/**
 * What the command line of an engine's server says of a run.
 *
 * Every flag is known as one that acts here, one that changes no time, or one that changes what no
 * prediction has; whatever else stands there is a reason not to predict.
 */

/** Settings that flags can give, and what is written behind such a flag. */
const SETTINGS = {
  /** Requests that run at once. */
  maxSequences: "count",
  /** New tokens of a step. */
  maxBatchedTokens: "count",
  /** Prompt tokens of a step. */
  maxPromptTokens: "count",
  /** Share of the whole memory that weights, activations and cache may fill (vLLM). */
  memoryShare: "share",
  /** Share of the whole memory that weights and cache may fill (SGLang). */
  staticMemoryShare: "share",
  /** Share of what weights leave free that the cache gets (TensorRT-LLM, LMDeploy). */
  freeMemoryShare: "share",
  tensorParallel: "count",
  pipelineParallel: "count",
  /** Ranks that share whole experts. */
  expertParallel: "count",
  /** Longest request, prompt and output together. */
  modelLengthTokens: "count",
  /** Most rows of a step that CUDA graphs hold. */
  graphTokens: "count",
  /** Steps that prompts wait for company (TensorRT-LLM). */
  waitSteps: "count",
  /** Share of a step's tokens from which on they wait no longer. */
  waitShare: "share",
  /** Type of the cache, as written. */
  cacheType: "text",
  /** Type of the weights, as written. */
  weightType: "text",
  /** Whether experts are shared whole over all tensor-parallel ranks. */
  expertsWhole: "switch",
  /** Whether scheduling overlaps with the step before. */
  overlapped: "switch",
  /** Whether prompts are cut over steps. */
  chunkedPrefill: "switch",
} as const;

interface Written {
  readonly count: number;
  readonly share: number;
  readonly text: string;
  readonly switch: boolean;
}

/** Settings that flags can give. */
export type RunSettings = {
  readonly [SETTING in keyof typeof SETTINGS]: Written[typeof SETTINGS[SETTING]];
};

/** Settings of one run, or why a prediction of it would be wrong. */
export type RunFlags =
  | { readonly kind: "read"; readonly settings: Partial<RunSettings> }
  | { readonly kind: "unexpressed"; readonly reason: string };

/** Flags by the setting that they give; a switch whose name begins with `no-` turns it off. */
const ACTING: ReadonlyMap<string, keyof RunSettings> = new Map(Object.entries(
  {
    "max-num-seqs": "maxSequences",
    "max-running-requests": "maxSequences",
    "max-batch-size": "maxSequences",
    "max-num-batched-tokens": "maxBatchedTokens",
    "max-num-tokens": "maxBatchedTokens",
    "max-prefill-tokens": "maxBatchedTokens",
    "chunked-prefill-size": "maxPromptTokens",
    "gpu-memory-utilization": "memoryShare",
    "mem-fraction-static": "staticMemoryShare",
    "kv-cache-free-gpu-memory-fraction": "freeMemoryShare",
    "free-gpu-memory-fraction": "freeMemoryShare",
    "cache-max-entry-count": "freeMemoryShare",
    "tensor-parallel-size": "tensorParallel",
    "tp-size": "tensorParallel",
    tp: "tensorParallel",
    "pipeline-parallel-size": "pipelineParallel",
    "pp-size": "pipelineParallel",
    pp: "pipelineParallel",
    "expert-parallel-size": "expertParallel",
    "ep-size": "expertParallel",
    ep: "expertParallel",
    "enable-expert-parallel": "expertsWhole",
    "max-model-len": "modelLengthTokens",
    "max-seq-len": "modelLengthTokens",
    "context-length": "modelLengthTokens",
    "session-len": "modelLengthTokens",
    "batch-wait-timeout-iters": "waitSteps",
    "batch-wait-max-tokens-ratio": "waitShare",
    "cuda-graph-max-bs": "graphTokens",
    "max-cudagraph-capture-size": "graphTokens",
    "kv-cache-dtype": "cacheType",
    quantization: "weightType",
    "async-scheduling": "overlapped",
    "no-async-scheduling": "overlapped",
    "enable-chunked-prefill": "chunkedPrefill",
    "no-enable-chunked-prefill": "chunkedPrefill",
  } as const,
));

/** Flags of a kind that no prediction here has, by how their names begin. */
const UNMODELLED: readonly (readonly [begin: RegExp, what: string])[] = [
  [/^(speculative|num-speculative|spec-|draft-model|mtp|medusa|eagle)/, "speculative decoding"],
  [/^(disaggregation|kv-transfer|kv-connector)/, "prefill and decode on different cards"],
  [/^(enforce-eager|disable-cuda-graph$)/, "without CUDA graphs"],
  [/^(data-parallel|dp$|dp-size|dp-attention|enable-dp-|enable-attention-dp)/, "data parallelism"],
  [
    /^(decode-context-parallel|prefill-context-parallel|context-parallel|dcp|cp-size)/,
    "context parallelism",
  ],
  [/^(cpu-offload|offload)/, "with weights on the host"],
  [/^(kv-offloading|enable-hierarchical-cache|hicache|lmcache)/, "a cache that spills to the host"],
  [/^(enable-lora|lora|max-lora|fully-sharded-lora)/, "adapters beside the weights (LoRA)"],
  [/^(nnodes|nproc|node-rank|dist-init-addr|master-addr|num-nodes)/, "ranks on several hosts"],
  [/^(enable-eplb|eplb|num-redundant-experts|ep-num-redundant)/, "experts that are kept twice"],
  [/^(enable-mixed-chunk)/, "prompts and decode rows in one step of SGLang"],
  [/^(num-scheduler-steps|num-continuous-decode-steps)/, "several steps a schedule"],
  [/^(stream-interval)/, "answers that are sent several tokens at once"],
  [
    /^(schedule-conservativeness|scheduling-policy|max-num-partial|max-long-partial|long-prefill)/,
    "another rule of admission",
  ],
  [
    /^(compilation-config|enable-torch-compile|optimization-level|cuda-graph-sizes)/,
    "another way to compile steps",
  ],
  [
    /^(enable-two-batch-overlap|enable-dbo|enable-single-batch-overlap)/,
    "two batches that overlap",
  ],
  [
    /^(extra-llm-api|config|hf-overrides|override-|json-model-override)/,
    "settings of a file or text that is not read here",
  ],
  [
    /^(num-gpu-blocks-override|max-total-tokens|kv-cache-memory|swa-full-tokens)/,
    "a cache whose size is set by hand",
  ],
  [/^(disable-overlap-schedule)/, "SGLang's scheduler without overlap"],
];

/** Flags that change no time of a step here: names, ports, parsers, where caches and kernels lie. */
const INERT: ReadonlySet<string> = new Set([
  ...["model", "model-path", "model-name", "served-model-name", "tokenizer", "tokenizer-path"],
  ...["tokenizer-mode", "revision", "download-dir", "load-format", "trust-remote-code", "host"],
  ...["port", "api-key", "log-level", "uvicorn-log-level", "seed", "random-seed", "chat-template"],
  ...["tool-call-parser", "reasoning-parser", "enable-auto-tool-choice", "disable-log-requests"],
  ...["disable-log-stats", "no-enable-log-requests", "max-log-len", "enable-metrics", "backend"],
  ...["block-size", "page-size", "tokens-per-block", "cache-block-seq-len", "attention-backend"],
  ...["prefill-attention-backend", "decode-attention-backend", "moe-runner-backend", "moe-backend"],
  ...["fp8-gemm-backend", "sampling-backend", "distributed-executor-backend", "dtype", "device"],
  // Prompts of a row share no prefix, or the row or its assumption says how many of them do.
  ...["enable-prefix-caching", "no-enable-prefix-caching", "disable-radix-cache"],
  ...["calculate-kv-scales", "swap-space", "limit-mm-per-prompt", "mm-processor-cache-gb"],
  ...["language-model-only", "watchdog-timeout", "skip-server-warmup", "allowed-local-media-path"],
  ...["generation-config", "max-logprobs", "disable-custom-all-reduce", "schedule-policy"],
]);

/** Flags with one dash. */
const SHORT: Readonly<Record<string, string>> = {
  tp: "tensor-parallel-size",
  pp: "pipeline-parallel-size",
  dp: "data-parallel-size",
  dcp: "decode-context-parallel-size",
  ep: "enable-expert-parallel",
  q: "quantization",
  O: "optimization-level",
};

/** Reads a server's command line, or remarks with flags in them. */
export function readRunFlags(line: string): RunFlags {
  const settings: Record<string, number | string | boolean> = {};
  for (const { name, value } of flagsOf(line)) {
    const what = UNMODELLED.find(([begin]) => begin.test(name))?.[1];
    if (what !== undefined) {
      return unexpressed(`it runs ${what}, which is not modelled (--${name})`);
    }
    if (INERT.has(name)) continue;
    const setting = ACTING.get(name);
    if (setting === undefined) {
      return unexpressed(`its flag --${name} is not known here: it may change any time`);
    }
    const as = SETTINGS[setting];
    const read = as === "switch" ? switched(!name.startsWith("no-"), value) : parse(as, value);
    if (read === null) return unexpressed(`its flag --${name} has no value that fits: "${value}"`);
    const known = settings[setting];
    if (known !== undefined && known !== read) {
      return unexpressed(`its flags give ${known} and ${read} for --${name}`);
    }
    settings[setting] = read;
  }
  return { kind: "read", settings: settings as Partial<RunSettings> };
}

function unexpressed(reason: string): RunFlags {
  return { kind: "unexpressed", reason };
}

function switched(meant: boolean, value: string): boolean | null {
  if (value === "" || /^(true|1)$/i.test(value)) return meant;
  return /^(false|0)$/i.test(value) ? !meant : null;
}

function parse(as: "count" | "share" | "text", value: string): number | string | null {
  if (as === "text") return value === "" ? null : value;
  // As engines read them: 8k and 8K are counts too.
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kK]?)$/.exec(value) ?? [];
  if (digits === undefined) return null;
  const number = Number(digits) * (unit === "" ? 1 : unit === "k" ? 1000 : 1024);
  if (as === "share") return number > 0 && number <= 1 ? number : null;
  return Number.isInteger(number) && number > 0 ? number : null;
}

/** Names and values of the flags in a text; names with hyphens, values without quotes. */
function flagsOf(line: string): { readonly name: string; readonly value: string }[] {
  const words = line.split(/\s+/).map((word) => word.replace(/[,;]{1,9}$/, "")).filter(Boolean);
  const found: { name: string; value: string }[] = [];
  for (let index = 0; index < words.length; index++) {
    const [, dashes, written, inline] = /^(--?)([A-Za-z][\w.-]*)(?:=(.*))?$/.exec(words[index]) ??
      [];
    // `python3 -m module` is how the server is started.
    if (written === undefined || (dashes === "-" && written === "m")) continue;
    const name = dashes === "-"
      ? SHORT[written.replace(/\d{1,9}$/, "")] ?? written
      : written.replaceAll("_", "-").toLowerCase();
    const next = words[index + 1];
    const separate = inline === undefined && next !== undefined && !next.startsWith("-");
    const setting = ACTING.get(name);
    const isSwitch = setting !== undefined && SETTINGS[setting] === "switch";
    const value = inline ?? (separate && !isSwitch ? next : "");
    found.push({ name, value: value.replace(/^["']|["']$/g, "") });
  }
  return found;
}
