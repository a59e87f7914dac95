import {
  type Diagnostic,
  formatDiagnostic,
  listModels,
  listWorkloadFiles,
  listWorkloads,
  loadWorkload,
  requireLoaded,
  synthesizeRequests,
  type Workload,
} from "../fixtures/mod.ts";
import { type CliContext, paintOf, writeLines } from "./context.ts";
import { EXIT } from "./exit_code.ts";
import type { JsonFlag, ValidateFlags } from "./fixture_commands.ts";
import { SettingError } from "./setting.ts";
import { renderTable, wrapText } from "./table.ts";
import { formatBytes, formatNumber, formatRate } from "./units.ts";
import { watchFiles } from "./watch_files.ts";

/** Runs `headwise fixture list`. */
export function listFixtures(this: CliContext, flags: JsonFlag): void {
  const { stdout } = this.process;
  const workloads = listWorkloads();
  const models = listModels();
  if (flags.json) return writeLines(stdout, [JSON.stringify({ workloads, models }, null, 2)]);
  const paint = paintOf(stdout);
  const width = Math.max(...workloads.map(({ name }) => name.length)) + 4;
  const lines = workloads.flatMap(({ name, description }) => {
    const wrapped = wrapText(description.trim(), {
      width: stdout.columns,
      indent: " ".repeat(width),
    });
    return [
      `  ${paint.cyan(name.padEnd(width - 2))}${wrapped[0]!.trimStart()}`,
      ...wrapped.slice(1),
    ];
  });
  writeLines(stdout, [paint.bold("workloads"), ...lines, paint.bold("models")]);
  writeLines(stdout, models.map((name) => `  ${paint.cyan(name)}`));
}

/** Runs `headwise fixture show`. */
export async function showFixture(this: CliContext, flags: JsonFlag, name: string): Promise<void> {
  const { stdout } = this.process;
  const workload = requireLoaded(await loadWorkload(name));
  if (flags.json) return writeLines(stdout, [JSON.stringify(workload, null, 2)]);
  writeLines(stdout, [paintOf(stdout).bold(workload.name), ...describeWorkload(workload)]);
}

/** Runs `headwise fixture validate`. */
export async function validateFixtures(
  this: CliContext,
  flags: ValidateFlags,
  ...names: readonly string[]
): Promise<void> {
  if (!flags.watch) return await validateOnce(this, { names, json: flags.json });
  const files = async (): Promise<readonly string[]> =>
    (await Promise.all(names.map(listWorkloadFiles))).flat();
  if ((await files()).length === 0) {
    const message = "Cannot watch built-in fixtures; name a file that ends in .yaml";
    throw new SettingError(message, { kind: "flag", text: "--watch" });
  }
  const run = () => validateOnce(this, { names, json: flags.json });
  await watchFiles(this, { run, files });
}

async function validateOnce(
  context: CliContext,
  o: { readonly names: readonly string[]; readonly json: boolean },
): Promise<void> {
  const { stdout } = context.process;
  const paint = paintOf(stdout);
  const found: { fixture: string; accepted: boolean; diagnostics: readonly Diagnostic[] }[] = [];
  for (const fixture of o.names) {
    const { kind, diagnostics } = await loadWorkload(fixture);
    found.push({ fixture, accepted: kind === "loaded", diagnostics });
  }
  if (found.some(({ accepted }) => !accepted)) context.process.exitCode = EXIT.input;
  if (o.json) return writeLines(stdout, [JSON.stringify(found, null, 2)]);
  for (const { fixture, accepted, diagnostics } of found) {
    writeLines(stdout, diagnostics.map(formatDiagnostic));
    writeLines(stdout, [
      `${accepted ? paint.green("accepted") : paint.red("rejected")}  ${fixture}`,
    ]);
  }
}

function describeWorkload(workload: Workload): string[] {
  const { model, cache, scheduler, headMap, speculative, ceilings } = workload;
  const requests = synthesizeRequests(workload);
  const mean = (pick: (request: (typeof requests)[number]) => number): string =>
    formatNumber(requests.reduce((sum, request) => sum + pick(request), 0) / requests.length);
  const windowHeads = headMap.groups.reduce(
    (sum, { layers, kinds }) =>
      sum + layers.length * kinds.filter((kind) => kind === "window").length,
    0,
  );
  const rows = [
    [
      "model",
      `${model.name}: ${model.layers} layers, ${model.queryHeads} query heads, ` +
      `${model.kvHeads} KV heads of ${model.headSize}, ${model.dtype}`,
    ],
    [
      "head map",
      `${workload.headMapName}: ${windowHeads} of ${model.layers * model.kvHeads} heads ` +
      `see a window of ${headMap.windowTokens} tokens and ${
        countOf(headMap.sinkTokens, "sink")
      }, ` +
      countOf(headMap.groups.length, "layer group"),
    ],
    [
      "cache",
      `${cache.pagesPerHead} pages of ${cache.pageSizeTokens} tokens a head, ` +
      `${formatBytes(cache.kvBytes)} a rank, ${cache.dtype}`,
    ],
    [
      "scheduler",
      `${scheduler.maxSequences} slots, ${scheduler.maxBatchedTokens} tokens a step, ` +
      `requests of at most ${scheduler.modelLengthTokens} tokens, ` +
      `${scheduler.chunkedPrefill ? "chunked" : "whole"} prefill`,
    ],
    ["ranks", String(workload.tensorParallel)],
    [
      "speculation",
      speculative === null
        ? "none"
        : `${speculative.draftTokens} draft tokens, accepted with chance ${speculative.acceptRate}`,
    ],
    [
      "requests",
      `${requests.length}, seed ${workload.seed}: mean input ` +
      `${mean(({ inputTokens }) => inputTokens)}, mean output ` +
      `${mean(({ outputTokens }) => outputTokens)} tokens`,
    ],
    [
      "ceilings",
      ceilings === null
        ? "measured on the machine"
        : `${formatRate(ceilings.memoryBytesPerSecond, "B")}, ` +
          `${formatRate(ceilings.flopsPerSecond, "FLOP")} (${ceilings.note})`,
    ],
    ["sha256", workload.sourceSha256],
  ];
  return [
    ...wrapText(workload.description.trim(), { width: 100 }),
    ...renderTable(rows, { columns: [{ title: "" }, { title: "" }], indent: "  " }),
  ];
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
