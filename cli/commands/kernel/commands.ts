import { buildCommand, buildRouteMap, type Command, type RouteMap } from "@stricli/core";
import type { CliContext } from "../../terminal/mod.ts";
import { kernelBenchCommand, kernelRooflineCommand, kernelTuneCommand } from "./bench_command.ts";
import { choiceOf, wholeNumber } from "../../settings/mod.ts";

/** Flags of `headwise kernel list`: each restricts one axis. */
export interface KernelListFlags {
  /** Query heads of a KV head. */
  readonly group?: number;
  /** Elements of a head. */
  readonly headSize?: number;
  /** Tokens of a page. */
  readonly pageSize?: number;
  /** Storage type. */
  readonly storage?: "bf16" | "f16";
  /** Table layout. */
  readonly layout?: "uniform" | "headwise" | "pooled";
  /** Lanes of a subgroup; 0 for programs that use none. */
  readonly subgroupSize?: number;
  /** Whether to print JSON. */
  readonly json: boolean;
}

const number = (brief: string) => ({
  kind: "parsed" as const,
  parse: wholeNumber({ min: 0 }),
  brief,
  placeholder: "N",
  optional: true as const,
});

const list: Command<CliContext> = buildCommand<KernelListFlags, [], CliContext>({
  loader: () => import("./list_run.ts"),
  parameters: {
    flags: {
      group: number("Only this number of query heads a KV head"),
      headSize: number("Only this head size"),
      pageSize: number("Only this page size"),
      storage: {
        kind: "parsed",
        parse: choiceOf<"bf16" | "f16">(["bf16", "f16"]),
        brief: "Only this storage type: bf16 or f16",
        placeholder: "TYPE",
        optional: true,
      },
      layout: {
        kind: "parsed",
        parse: choiceOf<"uniform" | "headwise" | "pooled">(["uniform", "headwise", "pooled"]),
        brief: "Only this layout: uniform, headwise or pooled",
        placeholder: "NAME",
        optional: true,
      },
      subgroupSize: number("Only this subgroup size; 0 for programs without"),
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  docs: {
    brief: "List the specialisations that kernels are generated for",
    fullDescription:
      "Lists the attention programs for decode rows by name; a name says everything " +
      "that the\nprogram depends on. Programs are generated when a batch first asks for them.\n\n" +
      "EXAMPLES\n  headwise kernel list --group 5 --head-size 128 --page-size 64",
  },
});

/** `headwise kernel`. */
export const kernelRoutes: RouteMap<CliContext> = buildRouteMap<string, CliContext>({
  routes: {
    bench: kernelBenchCommand,
    tune: kernelTuneCommand,
    roofline: kernelRooflineCommand,
    list,
  },
  docs: { brief: "Time the attention kernel, and look into the generated programs" },
});
