import { closeGpu, type Gpu, type GpuCeilings, measureCeilings, openGpu } from "../kernel/mod.ts";
import { type CliContext, paintOf, writeLines } from "./context.ts";
import { EXIT } from "./exit_code.ts";
import type { Paint } from "./paint.ts";
import type { JsonFlag } from "./fixture_commands.ts";
import { renderTable } from "./table.ts";
import { formatBytes, formatRate } from "./units.ts";

/** What `doctor` finds on a machine. */
export interface Examination {
  /** Versions and platform. */
  readonly runtime: { readonly deno: string; readonly v8: string; readonly platform: string };
  /** The adapter, or null where none answers. */
  readonly adapter: {
    readonly description: string;
    readonly isSoftware: boolean;
    readonly hasTimestamps: boolean;
    readonly subgroupSize: number;
    readonly features: readonly string[];
    readonly maxBindingBytes: number;
    readonly maxBufferBytes: number;
    readonly maxWorkgroupInvocations: number;
  } | null;
  /** What the adapter does at best, measured now, or null where it cannot be. */
  readonly ceilings: GpuCeilings | null;
  /** What is missing and what mends it, or null where nothing is. */
  readonly finding: { readonly reason: string; readonly fix: string } | null;
}

/** Runs `headwise doctor`: exits 0 with an adapter and 1 without. */
export default async function doctor(this: CliContext, flags: JsonFlag): Promise<void> {
  const { stdout } = this.process;
  const examination = await examine();
  if (examination.adapter === null) this.process.exitCode = EXIT.fail;
  if (flags.json) return writeLines(stdout, [JSON.stringify(examination, null, 2)]);
  writeLines(stdout, renderExamination(examination, paintOf(stdout)));
}

async function examine(): Promise<Examination> {
  const { deno, v8 } = Deno.version;
  const runtime = { deno, v8, platform: `${Deno.build.os} ${Deno.build.arch}` };
  const outcome = await openGpu();
  if (outcome.kind === "unavailable") {
    const finding = { reason: outcome.reason, fix: outcome.fix };
    return { runtime, adapter: null, ceilings: null, finding };
  }
  const { gpu } = outcome;
  const adapter = describeAdapter(gpu);
  const ceilings = gpu.hasTimestamps ? await measureCeilings(gpu) : null;
  closeGpu(gpu);
  const finding = adapter.hasTimestamps ? null : {
    reason: "The adapter cannot time passes, so there is no 'gpu' clock",
    fix: "use a driver with timestamp queries, or the 'model' clock",
  };
  return { runtime, adapter, ceilings, finding };
}

function describeAdapter(gpu: Gpu): NonNullable<Examination["adapter"]> {
  const { limits } = gpu.device;
  return {
    description: gpu.adapter.description,
    isSoftware: gpu.isSoftware,
    hasTimestamps: gpu.hasTimestamps,
    subgroupSize: gpu.target.subgroupSize,
    features: gpu.adapter.features,
    maxBindingBytes: gpu.maxBindingBytes,
    maxBufferBytes: limits.maxBufferSize,
    maxWorkgroupInvocations: limits.maxComputeInvocationsPerWorkgroup,
  };
}

/** Lays out what was found: the finding first, where there is one. */
export function renderExamination(examination: Examination, paint: Paint): string[] {
  const { runtime, adapter, ceilings, finding } = examination;
  const headline = finding === null
    ? [paint.green(paint.bold("ready")), ""]
    : [`${paint.yellow(paint.bold(finding.reason))}: ${finding.fix}`, ""];
  const rows = [["deno", `${runtime.deno}, v8 ${runtime.v8}, ${runtime.platform}`]];
  if (adapter === null) {
    rows.push(["adapter", "none; 'headwise bench' uses the model clock"]);
  } else {
    const kind = adapter.isSoftware ? "software: its times say nothing of a GPU" : "GPU";
    const size = adapter.subgroupSize;
    rows.push(
      ["adapter", `${adapter.description} (${kind})`],
      ["timestamps", adapter.hasTimestamps ? "yes" : "no"],
      ["subgroups", size === 0 ? "not used" : `of ${size} lanes`],
      ["features", adapter.features.join(", ") || "none"],
      ["largest binding", formatBytes(adapter.maxBindingBytes)],
      ["largest buffer", formatBytes(adapter.maxBufferBytes)],
      ["lanes of a workgroup", String(adapter.maxWorkgroupInvocations)],
    );
  }
  if (ceilings !== null) {
    const { memory, flops } = ceilings.spread;
    rows.push(
      ["memory, measured", `${formatRate(ceilings.memoryBytesPerSecond, "B")} (${spread(memory)})`],
      ["f32, measured", `${formatRate(ceilings.flopsPerSecond, "FLOP")} (${spread(flops)})`],
    );
  }
  return [...headline, ...renderTable(rows, { columns: [{ title: "" }, { title: "" }] })];
}

function spread(ratio: number): string {
  return `slowest run ${ratio.toFixed(2)} times the fastest`;
}
