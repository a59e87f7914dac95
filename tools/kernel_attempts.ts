// deno-lint-ignore-file no-console -- a script whose output is what it prints
/**
 * Times variants of the kernel side by side, in one run on one card: the attempts of docs/kernel.md,
 * each beside what it is to replace. Every variant is checked against the oracle before it is timed.
 *
 *   deno run -A tools/kernel_attempts.ts [--gpu deno|dawn|dawn-unchecked] [--only WORD]
 *     [--runs 15] [--checks 4] [--seconds 200] [--rehearse] [--out FILE] [--store FOLDER]
 *
 * `--only` takes the attempts whose name begins with the word, or with one of several between commas.
 * `--rehearse` shortens every context, for an adapter that runs on the CPU, whose times mean nothing.
 * After `--seconds` no further variant is begun.
 * `--store` keeps the fastest variant of each kind of shape where `headwise kernel bench` finds it.
 *
 * @module
 */

import { parseArgs } from "node:util";
import {
  builtinKernelCases,
  defaultCaseTuning,
  type KernelCase,
  runKernelBench,
  tuningKey,
} from "../bench/mod.ts";
import { openProvider, storeTunings } from "../cli/gpu/mod.ts";
import {
  type AttendTuning,
  closeGpu,
  type Gpu,
  matrixTuningName,
  matrixTuningsOf,
} from "../kernel/mod.ts";
import { chooseVariants, type VariantTime } from "./choose_variants.ts";
import { ATTEMPTS, type KernelVariant } from "./kernel_variants.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    gpu: { type: "string", default: "deno" },
    only: { type: "string", default: "" },
    runs: { type: "string", default: "15" },
    checks: { type: "string", default: "4" },
    seconds: { type: "string", default: "200" },
    rehearse: { type: "boolean", default: false },
    out: { type: "string" },
    store: { type: "string" },
  },
});

const provider = (["deno", "dawn", "dawn-unchecked"] as const).find((name) => name === values.gpu);
if (provider === undefined) {
  console.error(`Unknown --gpu "${values.gpu}": use deno, dawn or dawn-unchecked`);
  Deno.exit(2);
}
const opened = await openProvider(provider);
if (opened.kind !== "gpu") {
  console.error(`${opened.reason}; ${opened.fix}`);
  Deno.exit(3);
}
const failures = await runAttempts(opened.gpu);
closeGpu(opened.gpu);
Deno.exit(failures === 0 ? 0 : 1);

/** One case with one variant, under a name of its own. */
interface Trial {
  readonly kernelCase: KernelCase;
  readonly variant: KernelVariant;
  /** Name of the benchmark's case. */
  readonly base: string;
}

async function runAttempts(gpu: Gpu): Promise<number> {
  const deadlineMs = performance.now() + Number(values.seconds) * 1000;
  const late = new AbortController();
  let failures = 0;
  const trials = trialsOf(gpu);
  const byName = new Map(trials.map((trial) => [trial.kernelCase.name, trial]));
  const result = await runKernelBench(gpu, {
    cases: trials.map((trial) => trial.kernelCase),
    runs: Number(values.runs),
    checks: Number(values.checks),
    signal: late.signal,
    tuningOf: ({ name }) => tuningOf(gpu, byName.get(name)!),
    onMeasured: async (soFar) => {
      const { case: { name }, outcome } = soFar.cases.at(-1)!;
      if (outcome.kind === "failed" || outcome.kind === "wrong") failures++;
      console.log(
        outcome.kind === "timed"
          ? `${name.padEnd(56)} ${(outcome.figures.medianMs * 1000).toFixed(1).padStart(9)} µs ` +
            `${(outcome.figures.ceilingShare * 100).toFixed(1).padStart(5)} %  over ` +
            `${outcome.figures.overheadMicroseconds?.toFixed(1)} µs  host ` +
            `${outcome.host.planMs.toFixed(2)} + ${outcome.host.uploadMs.toFixed(2)} + ` +
            `${outcome.host.recordMs.toFixed(2)} ms`
          : `${name.padEnd(56)} ${outcome.kind}: ${outcome.reason}`,
      );
      if (values.out !== undefined) await Deno.writeTextFile(values.out, JSON.stringify(soFar));
      if (performance.now() > deadlineMs) late.abort();
    },
  });
  if (values.out !== undefined) await Deno.writeTextFile(values.out, JSON.stringify(result));
  if (late.signal.aborted) console.log(`Stopped after ${values.seconds} s`);
  if (values.store !== undefined) {
    const times = result.cases.flatMap(({ case: { name }, outcome }): VariantTime[] => {
      const { variant, kernelCase, base } = byName.get(name)!;
      if (outcome.kind !== "timed") return [];
      return [{ variant, base, key: tuningKey(kernelCase), medianMs: outcome.figures.medianMs }];
    });
    const chosen = chooseVariants(times).map(([key, variant]): [string, AttendTuning] => {
      const trial = trials.find(({ kernelCase }) => tuningKey(kernelCase) === key)!;
      return [key, tuningOf(gpu, { ...trial, variant })];
    });
    console.log(`Stored: ${JSON.stringify(chosen)}`);
    await storeTunings(values.store, gpu, new Map(chosen));
  }
  return failures;
}

function trialsOf(gpu: Gpu): Trial[] {
  const known = new Map(builtinKernelCases().map((each) => [each.name, each]));
  const wanted = values.only.split(",");
  return ATTEMPTS.filter(({ name, compiler }) =>
    wanted.some((word) => name.startsWith(word)) &&
    (compiler === "any" || compiler === gpu.target.dialect)
  ).flatMap(({ cases, variants }) =>
    cases.flatMap((name) =>
      Object.entries(variants).filter(([, variant]) => fits(gpu, known.get(name)!, variant)).map((
        [label, variant],
      ) => ({
        variant,
        base: name,
        kernelCase: {
          ...shortened(known.get(name)!),
          ...(variant.pages === undefined ? {} : { pages: variant.pages }),
          name: `${name} ${label}`,
          goals: [],
        },
      }))
    )
  );
}

/** Matrices of an adapter with less workgroup memory take fewer keys. */
function fits(gpu: Gpu, { shape }: KernelCase, { matrix }: KernelVariant): boolean {
  return matrix === undefined || gpu.target.matrix === undefined ||
    matrixTuningsOf(gpu.target, shape).some((each) =>
      matrixTuningName(each) === matrixTuningName(matrix)
    );
}

function shortened(kernelCase: KernelCase): KernelCase {
  if (!values.rehearse) return kernelCase;
  const requests = kernelCase.requests.map((kind) => ({
    count: Math.min(kind.count, 3),
    queryTokens: Math.min(kind.queryTokens, 48),
    contextTokens: Math.min(kind.contextTokens, 300),
  }));
  return { ...kernelCase, requests };
}

function tuningOf(gpu: Gpu, { kernelCase, variant }: Trial): AttendTuning {
  const { pages: _, ...parts } = variant;
  return { ...defaultCaseTuning(gpu.target, kernelCase), ...parts };
}
