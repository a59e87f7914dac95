import { buildCommand, type Command } from "@stricli/core";
import type { CliContext } from "../../terminal/mod.ts";
import {
  choiceOf,
  GPU_FLAG,
  type GpuProvider,
  parseText,
  wholeNumber,
} from "../../settings/mod.ts";

/** Flags of `headwise kernel bench`. */
export interface KernelBenchFlags {
  /** Who implements WebGPU. */
  readonly gpu: GpuProvider;
  /** List of cases; left out, `h200` on a GPU and `smoke` on a software adapter. */
  readonly set?: "smoke" | "h200" | "matrix" | "all";
  /** Pattern of case names. */
  readonly cases: string;
  /** File of cases in place of the built-in one. */
  readonly file?: string;
  /** Timed runs of each case. */
  readonly runs: number;
  /** Rows of each case that are checked. */
  readonly checks: number;
  /** Seed of pages, contents and checked rows. */
  readonly seed: number;
  /** Largest caches of a case. */
  readonly maxGigabytes: number;
  /** Whether tuning that `kernel tune` stored is used. */
  readonly tuning: "stored" | "default";
  /** Whether peers are timed. */
  readonly peers: boolean;
  /** Where the result is written. */
  readonly json?: string;
}

/** Flags of `headwise kernel tune`. */
export type KernelTuneFlags =
  & Omit<KernelBenchFlags, "tuning" | "peers" | "json" | "cases">
  & {
    /** Pattern of case names; left out, decode steps that suit the adapter. */
    readonly cases?: string;
  };

/** Flags of `headwise kernel roofline`. */
export interface KernelRooflineFlags {
  /** Where the picture is written. */
  readonly out: string;
}

const DESCRIPTION = `\
Times the attention kernel on steps of known shape, each after a check against the oracle: a wrong
kernel has no time. Both ceilings of the adapter are measured in the same run, before and after, by
the same compiler and timers. Layers take turns, so that no run finds the one before in a cache of
the device. A missed goal is reported and is no failure; a wrong output exits 1.

With --peers, what is installed beside it is timed on the same shapes: PyTorch's attention through
python3 (SDPA flash and cuDNN, dense and without pages, and FlexAttention), and ONNX Runtime's
WebGPU PagedAttention through node, where npm's onnxruntime-node is installed (f16 without windows).

EXAMPLES
  headwise kernel bench
  headwise kernel bench --cases 'decode-32x16k-*' --runs 51
  headwise kernel bench --gpu dawn --set matrix
  headwise kernel bench --set h200 --peers --json docs/results/kernel-h200.json`;

const number = (brief: string, initial: string, min: number) => ({
  kind: "parsed" as const,
  parse: wholeNumber({ min }),
  brief,
  placeholder: "N",
  default: initial,
});

const MEASURE_FLAGS = {
  gpu: GPU_FLAG,
  set: {
    kind: "parsed",
    parse: choiceOf<"smoke" | "h200" | "matrix" | "all">(["smoke", "h200", "matrix", "all"]),
    brief: "Cases: smoke, h200, matrix or all; else by the adapter",
    placeholder: "NAME",
    optional: true,
  },
  cases: {
    kind: "parsed",
    parse: parseText,
    brief: "Only cases of such names, with * and commas",
    placeholder: "GLOB",
    default: "*",
  },
  file: {
    kind: "parsed",
    parse: parseText,
    brief: "YAML file of cases in place of the built-in one",
    placeholder: "FILE",
    optional: true,
  },
  runs: number("Timed runs of each case", "31", 1),
  checks: number("Rows of each case that the oracle checks", "4", 1),
  seed: number("Seed of pages, contents and checked rows", "1", 0),
  maxGigabytes: number("Skip cases with larger caches, in 10^9 bytes", "100", 1),
} as const;

/** `headwise kernel bench`. */
export const kernelBenchCommand: Command<CliContext> = buildCommand<
  KernelBenchFlags,
  [],
  CliContext
>({
  loader: () => import("./bench_run.ts"),
  parameters: {
    flags: {
      ...MEASURE_FLAGS,
      tuning: {
        kind: "parsed",
        parse: choiceOf<"stored" | "default">(["stored", "default"]),
        brief: "Variants: stored (found by 'kernel tune') or default",
        placeholder: "NAME",
        default: "stored",
      },
      peers: { kind: "boolean", brief: "Time what is installed beside it", default: false },
      json: {
        kind: "parsed",
        parse: parseText,
        brief: "Write the result with all samples",
        placeholder: "FILE",
        optional: true,
      },
    },
  },
  docs: { brief: "Time the attention kernel against its ceilings", fullDescription: DESCRIPTION },
});

/** `headwise kernel tune`. */
export const kernelTuneCommand: Command<CliContext> = buildCommand<
  KernelTuneFlags,
  [],
  CliContext
>({
  loader: () => import("./tune_run.ts"),
  parameters: {
    flags: {
      ...MEASURE_FLAGS,
      cases: {
        kind: "parsed",
        parse: parseText,
        brief: "Only cases of such names; else decode steps",
        placeholder: "GLOB",
        optional: true,
      },
    },
  },
  docs: {
    brief: "Measure variants of the kernel and keep the fastest for later runs",
    fullDescription:
      "Measures variants of the decode kernel on this adapter, each checked against the oracle, " +
      "and\nstores the fastest in the user's cache folder ($XDG_CACHE_HOME/headwise or " +
      "~/.cache/headwise).\n'kernel bench' uses them where they are there; no result depends on " +
      "them but times.\n\nEXAMPLES\n  headwise kernel tune\n" +
      "  headwise kernel tune --cases 'decode-32x16k-g5' --runs 51",
  },
});

/** `headwise kernel roofline`. */
export const kernelRooflineCommand: Command<CliContext> = buildCommand<
  KernelRooflineFlags,
  [string],
  CliContext
>({
  loader: () => import("./roofline_run.ts"),
  parameters: {
    flags: {
      out: {
        kind: "parsed",
        parse: parseText,
        brief: "File of the picture",
        placeholder: "FILE",
        default: "results/roofline.svg",
      },
    },
    aliases: { o: "out" },
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "Result of 'kernel bench --json'", placeholder: "RESULT", parse: parseText },
      ],
    },
  },
  docs: {
    brief: "Draw the roofline of a kernel result as SVG",
    fullDescription: "Draws both measured ceilings and one dot a case.\n\nEXAMPLES\n" +
      "  headwise kernel roofline docs/results/kernel-h200.json -o docs/results/roofline.svg",
  },
});
