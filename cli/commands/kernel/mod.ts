import { buildRouteMap } from "@stricli/core";
import type { CliContext } from "../../terminal/mod.ts";
import { buildSettingsCommand } from "../../settings/mod.ts";

const BENCH_DESCRIPTION = `\
Times the attention kernel on steps of known shape, each after a check against the oracle: a wrong
kernel has no time. Both ceilings of the adapter are measured in the same run, before and after, by
the same compiler and timers. Layers alternate, so that no run finds the one before in a cache of
the device. A missed goal is reported and is no failure; a wrong output exits 1.

With --peers, what is installed beside it is timed on the same shapes: through python3 PyTorch's
attention (SDPA flash and cuDNN, dense and without pages, and FlexAttention), this project's Triton
kernel on the same pages, and llama.cpp's Vulkan attention where test-backend-ops is on the path;
through node ONNX Runtime's WebGPU PagedAttention, where npm's onnxruntime-node is installed (f16
without windows). What is missing is said.

EXAMPLES
  headwise kernel bench
  headwise kernel bench --cases 'decode-32x16k-*' --runs 51
  headwise kernel bench --gpu dawn --set matrix
  headwise kernel bench --set h200 --peers --json docs/results/kernel-h200.json`;

const bench = buildSettingsCommand({
  command: "kernel bench",
  loader: () => import("./bench_run.ts"),
  brief: "Time the attention kernel against its ceilings",
  description: BENCH_DESCRIPTION,
});

const tune = buildSettingsCommand({
  command: "kernel tune",
  loader: () => import("./tune_run.ts"),
  brief: "Measure variants of the kernel and keep the fastest for later runs",
  description:
    "Measures variants of the decode kernel on this adapter, each checked against the oracle, " +
    "and\nstores the fastest in the user's cache folder ($XDG_CACHE_HOME/headwise or " +
    "~/.cache/headwise).\n'kernel bench' uses them where they exist; they change times and no " +
    "other result.\n\nEXAMPLES\n  headwise kernel tune\n" +
    "  headwise kernel tune --cases 'decode-32x16k-g5' --runs 51",
});

const roofline = buildSettingsCommand({
  command: "kernel roofline",
  loader: () => import("./roofline_run.ts"),
  takes: [{ brief: "Result of 'kernel bench --json'", placeholder: "RESULT" }],
  brief: "Draw the roofline of a kernel result as SVG",
  description: "Draws both measured ceilings and one dot per case.\n\nEXAMPLES\n" +
    "  headwise kernel roofline docs/results/kernel-h200.json -o docs/results/roofline.svg",
});

const list = buildSettingsCommand({
  command: "kernel list",
  loader: () => import("./list_run.ts"),
  brief: "List the specialisations that kernels are generated for",
  description:
    "Lists the attention programs for decode rows by name; a name says everything that the\n" +
    "program depends on. Programs are generated when a batch first asks for them.\n\n" +
    "EXAMPLES\n  headwise kernel list --group 5 --head-size 128 --page-size 64",
});

/** `headwise kernel`. */
export const kernelRoutes = buildRouteMap<string, CliContext>({
  routes: { bench, tune, roofline, list },
  docs: { brief: "Time the attention kernel, and look into the generated programs" },
});
