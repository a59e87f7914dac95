import { closeGpu, type Gpu, type GpuCeilings, measureCeilings } from "../../kernel/mod.ts";
import type { GpuProvider } from "../settings/mod.ts";
import { openProvider } from "../gpu/mod.ts";
import { type AdapterFacts, checkAdapter, checkSoftwareDrivers } from "./check_adapter.ts";
import { checkMachine } from "./check_machine.ts";
import { checkPrograms } from "./check_programs.ts";
import type { Finding } from "./finding.ts";
import type { Probe } from "./probe.ts";

/** What `doctor` finds on a machine. */
export interface Examination {
  /** Whether the main job, `headwise bench`, can run. */
  readonly ready: boolean;
  /** The clock that `headwise bench` would take by itself. */
  readonly clock: "gpu" | "model";
  /** Versions and platform. */
  readonly runtime: { readonly deno: string; readonly v8: string; readonly platform: string };
  /** The adapter, or null where none answers. */
  readonly adapter: AdapterFacts | null;
  /** What the adapter does at best, measured now, or null where it cannot be. */
  readonly ceilings: GpuCeilings | null;
  /** Everything that the tool can use. */
  readonly findings: readonly Finding[];
}

/**
 * Examines the machine.
 *
 * @param probe What looks at everything but the device.
 */
export async function examine(
  probe: Probe,
  o: { readonly gpu: GpuProvider } = { gpu: "deno" },
): Promise<Examination> {
  const { deno, v8 } = Deno.version;
  const device = await examineDevice(o.gpu);
  const findings = [
    ...await checkMachine(probe),
    ...checkAdapter(device),
    ...await checkSoftwareDrivers(probe),
    ...await checkPrograms(probe),
  ].sort((left, right) => Number(right.required) - Number(left.required));
  const { adapter, ceilings } = device;
  return {
    ready: findings.every(({ required, state }) =>
      !required || state === "ok" || state === "limited"
    ),
    clock: adapter?.hasTimestamps === true ? "gpu" : "model",
    runtime: { deno, v8, platform: `${Deno.build.os} ${Deno.build.arch}` },
    adapter,
    ceilings,
    findings,
  };
}

async function examineDevice(provider: GpuProvider): Promise<
  Pick<Examination, "adapter" | "ceilings"> & { readonly reason: string; readonly fix: string }
> {
  const outcome = await openProvider(provider);
  if (outcome.kind === "unavailable") {
    return { adapter: null, ceilings: null, reason: outcome.reason, fix: outcome.fix };
  }
  const { gpu } = outcome;
  const adapter = factsOf(gpu);
  const ceilings = gpu.hasTimestamps ? await measureCeilings(gpu) : null;
  closeGpu(gpu);
  return { adapter, ceilings, reason: "", fix: "" };
}

function factsOf(gpu: Gpu): AdapterFacts {
  const { limits } = gpu.device;
  return {
    description: gpu.adapter.description,
    isSoftware: gpu.isSoftware,
    hasTimestamps: gpu.hasTimestamps,
    subgroupSize: gpu.target.subgroupSize,
    matrixSize: gpu.target.matrix?.size ?? null,
    features: gpu.adapter.features,
    maxBindingBytes: gpu.maxBindingBytes,
    maxBufferBytes: limits.maxBufferSize,
    maxWorkgroupInvocations: limits.maxComputeInvocationsPerWorkgroup,
  };
}
