/** Readers of YAML files and traces. */
import {
  FixtureError,
  importTrace,
  type Loaded,
  parseEngineConfig,
  parseModel,
  parseWorkload,
  saturate,
  synthesizeRequests,
  type Workload,
} from "../../fixtures/mod.ts";
import {
  BUILTIN_MODEL_TEXTS,
  BUILTIN_WORKLOAD_TEXTS,
  builtinModels,
} from "../../fixtures/builtin.ts";
import { type FuzzTarget, textOf } from "./target.ts";

/** The most requests of an understood workload that are drawn, to keep an input short. */
const DRAWN_REQUESTS = 2000;
const file = "fuzzed";
const errors = ["FixtureError"];

const YAML_WORDS = [
  "kind: ",
  "pages: ",
  "kvBytes: 1e9 TB",
  "kvBytes: 9999999999 TiB",
  "model: ../../../etc/passwd",
  "cycle: [full, window]",
  "ratio: ",
  "&a ",
  "*a",
  "<<: *a\n",
];

/** Readers of fixtures and traces. */
export const FIXTURE_TARGETS: readonly FuzzTarget[] = [
  {
    name: "fixtures/workload",
    seeds: Object.values(BUILTIN_WORKLOAD_TEXTS),
    words: YAML_WORDS,
    errors,
    read: (input) => {
      const workload = requireDiagnosed(
        parseWorkload(textOf(input), { file, models: builtinModels() }),
      );
      drawRequests(workload);
    },
  },
  {
    name: "fixtures/model",
    seeds: Object.values(BUILTIN_MODEL_TEXTS),
    words: YAML_WORDS,
    errors,
    read: (input) => requireDiagnosed(parseModel(textOf(input), { file })),
  },
  {
    name: "fixtures/engine-config",
    seeds: [
      "max_model_len: 32768\nmax_num_seqs: 128\nkv_cache_ratio: 0.75\n",
      "tensor_parallel_size: 4\nmax_model_len: 8192\nmax_num_seqs: 64\nblock_size: 64\n" +
      "gpu_memory_utilization: 0.9\nquantization: wint4\nmax_num_batched_tokens: 4096\n" +
      "speculative_config: {method: mtp, num_speculative_tokens: 1}\n",
    ],
    words: YAML_WORDS,
    errors,
    read: (input) => drawRequests(requireDiagnosed(parseEngineConfig(textOf(input), { file }))),
  },
  trace("azure", [
    "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n" +
    "2023-11-16 18:17:04.0319600,3180,8\n",
    "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2024-05-10 00:00:00.009930+00:00,2162,5\r\n",
  ]),
  trace("burstgpt", [
    "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n" +
    '5,ChatGPT,472,18,490,Conversation log\n45,"GPT-4",1087,230,1317,API log\n',
  ]),
  trace("mooncake", [
    '{"timestamp": 0, "input_length": 1300, "output_length": 52, "hash_ids": [46, 47, 48]}\n' +
    '{"timestamp": 27, "input_length": 500, "output_length": 1, "hash_ids": [49]}\n',
  ]),
];

function trace(name: string, seeds: readonly string[]): FuzzTarget {
  return {
    name: `fixtures/trace-${name}`,
    seeds,
    words: ['"', '""', ",", "12.0", "2023-02-30", "99999-01-01 00:00:00", "+23:59", "e9"],
    errors,
    read: (input) => {
      const { rowsRead, rowsEmitted, dropped } = importTrace(input, { file });
      const accounted = Object.values(dropped).reduce((sum, count) => sum + count, rowsEmitted);
      if (accounted !== rowsRead) throw new Error(`${rowsRead} rows became ${accounted}`);
    },
  };
}

/** Every rejection must say where and what, and every error how to fix it. */
export function requireDiagnosed<T>(loaded: Loaded<T>): T {
  if (loaded.kind === "loaded") return loaded.value;
  const { diagnostics } = loaded;
  if (diagnostics.length === 0) throw new Error("Rejected without a diagnosis");
  for (const { severity, message, fix, line, column } of diagnostics) {
    if (severity === "error" && (message === "" || !fix)) throw new Error(`No fix: ${message}`);
    if (!(line >= 0 && column >= 0)) throw new Error(`No place: ${line}:${column}`);
  }
  throw new FixtureError(diagnostics);
}

function drawRequests(workload: Workload): void {
  const { requests } = workload;
  const count = requests.kind === "synthetic" ? requests.count : requests.list.length;
  if (count <= DRAWN_REQUESTS) synthesizeRequests(saturate(workload));
}
