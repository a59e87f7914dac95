/**
 * Holds results of the `model` clock against those of an older version, figure by figure:
 *
 * ```sh
 * HEADWISE_TRACES=FOLDER deno task check:results [CASE...]
 * deno task check:results --source FOLDER --write   # record the digests of another checkout
 * ```
 *
 * Every built-in fixture and, where the folder of traces is there, three public traces are replayed
 * on every side. What is compared is what a replay measured: performance, samples, gaps, steps and
 * pages, and which requests failed. Version, date, wording and keys that were added since are no part
 * of it, so that a digest outlives them; a figure that differs in its last bit does not.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type * as bench from "../bench/mod.ts";
import type * as fixtures from "../fixtures/mod.ts";
import { print } from "./print.ts";

/** Digests of one version, by case. */
interface DigestFile {
  /** Commit that they were recorded from. */
  readonly commit: string;
  /** Version that it says it is. */
  readonly version: string;
  /** SHA-256 of each case's figures by side. */
  readonly cases: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The modules of a checkout that a case needs. */
interface Checkout {
  readonly bench: typeof bench;
  readonly fixtures: typeof fixtures;
}

/** One replay of all sides. */
interface DigestCase {
  readonly name: string;
  readonly workload: string;
  /** File below the folder of traces, or null for the fixture's own requests. */
  readonly trace: string | null;
  readonly options: Partial<bench.BenchOptions>;
}

const DIGESTS = new URL("./result_digests.json", import.meta.url);
const TRACES = [
  "azure/AzureLLMInferenceTrace_code.csv",
  "burstgpt/BurstGPT_1.head400.csv",
  "mooncake/conversation_trace.jsonl",
];
const MEASURED = [
  "whole",
  "attentionOnly",
  "queueMs",
  "tpotMs",
  "endToEndMs",
  "durationMs",
  "requestsPerSecond",
  "outputTokensPerSecond",
  "totalTokensPerSecond",
  "meanConcurrency",
  "peakConcurrency",
  "memoryBoundConcurrency",
  "preemptions",
  "peakPages",
  "prefixCache",
  "steps",
  "attentionMs",
  "restMs",
] as const;
const SAMPLED = ["ttftMs", "queueMs", "tpotMs", "endToEndMs", "preemptions"] as const;
const STEPS = [
  "steps",
  "stepsPerEntry",
  "startMs",
  "endMs",
  "attentionMs",
  "running",
  "prefillTokens",
  "decodeTokens",
  "fullHeadPages",
  "windowHeadPages",
  "pageHistory",
] as const;

function listCases(workloads: readonly string[], withTraces: boolean): DigestCase[] {
  const own = workloads.map((name) => ({ name, workload: name, trace: null, options: {} }));
  const variants = [
    { name: "smoke, identity", workload: "smoke", options: { pageOrder: "identity" } },
    { name: "smoke, two pairs", workload: "smoke", options: { pairs: 2, seed: 5 } },
    {
      name: "scheduler-faults, mixed-units",
      workload: "scheduler-faults",
      options: { availability: "mixed-units" },
    },
    { name: "narrow-window, prefixes", workload: "narrow-window", options: { prefixCache: true } },
  ] as const;
  const traces = TRACES.map((trace) => ({
    name: basename(trace),
    workload: "trace-replay",
    trace,
    options: {},
  }));
  const mooncake = TRACES[2];
  return [
    ...own,
    ...variants.map((variant) => ({ ...variant, trace: null })),
    ...(withTraces
      ? [...traces, {
        name: `${basename(mooncake)}, prefixes`,
        workload: "trace-replay",
        trace: mooncake,
        options: { prefixCache: true },
      }]
      : []),
  ];
}

async function digestCase(
  { bench, fixtures }: Checkout,
  o: DigestCase,
  folder: string,
): Promise<Record<string, string>> {
  const workload = fixtures.requireLoaded(await fixtures.loadWorkload(o.workload));
  const trace = o.trace === null ? undefined : await readTrace(fixtures, join(folder, o.trace));
  const result = await bench.runBench({
    workload,
    ...(trace === undefined ? {} : { trace }),
    clock: { kind: "model", reason: null },
    gates: ["gate/read", "gate/capacity"],
    maxChecks: 1,
    ...o.options,
  });
  return Object.fromEntries(
    result.sides.map(({ name, runs }) => [name, hash(runs.map(figuresOf))]),
  );
}

async function readTrace(
  { importTrace }: typeof fixtures,
  path: string,
): Promise<bench.BenchTrace> {
  const imported = importTrace(await Deno.readFile(path), { file: path });
  return { name: basename(path), sha256: "", dropped: {}, requests: imported.requests };
}

/** The figures of a run by name and in a fixed order, whatever else it holds. */
function figuresOf(run: bench.RunResult): unknown {
  const { performance, samples, timeline } = run;
  return {
    pair: run.pair,
    order: run.order,
    failed: run.failedRequests.map(({ request }) => request),
    performance: performance === null ? null : MEASURED.map((key) => performance[key]),
    samples: samples === null ? null : SAMPLED.map((key) => samples[key]),
    gaps: run.tokenGaps,
    timeline: timeline === null ? null : STEPS.map((key) => timeline[key]),
  };
}

function hash(value: unknown): string {
  const sorted = JSON.stringify(
    value,
    (_, entry) =>
      entry !== null && typeof entry === "object" && !Array.isArray(entry)
        ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => a < b ? -1 : 1))
        : entry,
  );
  return createHash("sha256").update(sorted).digest("hex").slice(0, 32);
}

async function openCheckout(folder: string): Promise<Checkout> {
  const load = (room: string): Promise<unknown> =>
    import(new URL(`file://${resolve(folder)}/${room}/mod.ts`).href);
  return {
    bench: await load("bench") as typeof bench,
    fixtures: await load("fixtures") as typeof fixtures,
  };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      source: { type: "string", default: new URL("..", import.meta.url).pathname },
      commit: { type: "string", default: "unknown" },
      version: { type: "string", default: "unknown" },
      write: { type: "boolean", default: false },
    },
  });
  const checkout = await openCheckout(values.source);
  const folder = Deno.env.get("HEADWISE_TRACES");
  const names = (await checkout.fixtures.listWorkloads()).map(({ name }) => name).sort();
  const recorded = values.write ? null : JSON.parse(await Deno.readTextFile(DIGESTS)) as DigestFile;
  const known = recorded === null ? null : new Set(Object.keys(recorded.cases));
  const cases = listCases(names, folder !== undefined).filter(({ name }) =>
    (known === null || known.has(name)) &&
    (positionals.length === 0 || positionals.some((part) => name.includes(part)))
  );
  const found: Record<string, Record<string, string>> = {};
  let changed = 0;
  for (const one of cases) {
    const startMs = performance.now();
    found[one.name] = await digestCase(checkout, one, folder ?? "");
    const before = recorded?.cases[one.name] ?? {};
    const sides = Object.keys(before).filter((side) => before[side] !== found[one.name][side]);
    if (sides.length > 0) changed++;
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const verdict = sides.length === 0 ? "ok" : `CHANGED on ${sides.join(", ")}`;
    print(`${one.name}: ${values.write ? "recorded" : verdict} (${seconds} s)`);
  }
  if (values.write) {
    const { commit, version } = values;
    await Deno.writeTextFile(
      DIGESTS,
      JSON.stringify({ commit, version, cases: found } satisfies DigestFile, null, 2) + "\n",
    );
    return 0;
  }
  const unasked = (known?.size ?? 0) - cases.length;
  print(
    `${cases.length} cases, ${changed} changed, ${unasked} not run` +
      (folder === undefined ? "; set HEADWISE_TRACES for the traces" : ""),
  );
  return changed > 0 || cases.length === 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
