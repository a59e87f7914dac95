/**
 * The GPU: one adapter and device, what they can do, and the programs compiled for them.
 *
 * Opening fails clearly: there is no software stand-in that would give plausible numbers.
 */

import { endsDevice, GpuError } from "./gpu_error.ts";
import type { MatrixUnit, Program, ProgramTarget, WgslDialect } from "./program.ts";
import { answered, type WaitingDevice } from "./wait.ts";

export { endsDevice, GpuError } from "./gpu_error.ts";

/** An open device. Close it with `closeGpu`. */
export interface Gpu extends WaitingDevice {
  /** The WebGPU device. */
  readonly device: GPUDevice;
  /** Who the adapter says it is. */
  readonly adapter: AdapterDescription;
  /** Subgroup size and WGSL dialect that programs are generated for. */
  readonly target: ProgramTarget;
  /** Largest storage binding in bytes; caches beyond it are split over several. */
  readonly maxBindingBytes: number;
  /** Whether passes can be timed. */
  readonly hasTimestamps: boolean;
  /** Whether the adapter runs on the CPU, so that its times say nothing about a GPU. */
  readonly isSoftware: boolean;
  /** Compiled pipelines by program name. */
  readonly pipelines: Map<string, Promise<GPUComputePipeline>>;
  /** Device objects made so far: what a replayed step must not add to. */
  readonly objects: { made: number };
  /** The WebGPU entry it came from: Dawn's devices live only as long as this is referenced. */
  readonly provider: GPU;
}

/** What identifies an adapter in results. */
export interface AdapterDescription {
  /** Vendor, as the driver gives it. */
  readonly vendor: string;
  /** Architecture, often empty. */
  readonly architecture: string;
  /** Device id, often empty. */
  readonly device: string;
  /** Human-readable name. */
  readonly description: string;
  /** Subgroup sizes that the adapter may use; 0 where it does not say. */
  readonly subgroupMinSize: number;
  /** Largest of them. */
  readonly subgroupMaxSize: number;
  /** Features that the device was opened with. */
  readonly features: readonly string[];
}

/** The outcome of opening a GPU. */
export type GpuOutcome =
  | { readonly kind: "gpu"; readonly gpu: Gpu }
  | {
    readonly kind: "unavailable";
    /** What is missing. */
    readonly reason: string;
    readonly fix: string;
  };

/** Options of `openGpu`. */
export interface OpenGpuOptions {
  /** `off` generates programs without subgroup operations. Default `auto`. */
  readonly subgroups?: "auto" | "off";
  /** Splits caches as if bindings were no larger than this, in bytes. */
  readonly maxBindingBytes?: number;
  /** Longest wait for an answer of the device, in milliseconds. Default 120,000. */
  readonly waitMs?: number;
  /** A WebGPU entry other than `navigator.gpu`. */
  readonly provider?: GPU;
  /** The WGSL compiler behind it. Default `naga`, which is Deno's. */
  readonly dialect?: WgslDialect;
}

const NEEDED_LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxStorageBuffersPerShaderStage",
] as const;

const MATRIX_FEATURE = "chromium-experimental-subgroup-matrix";

/** Deno's, for `@coherent`. */
const COHERENT_FEATURE = "wgpu-memory-decoration-coherent";

const INSTALL_FIX =
  "run `deno task setup` to install a software Vulkan driver, or install the GPU vendor's driver";

/**
 * Opens the default adapter.
 *
 * @returns The open GPU, or why there is none and how to fix it.
 */
export async function openGpu(o: OpenGpuOptions = {}): Promise<GpuOutcome> {
  const provider = o.provider ?? (globalThis.navigator as Navigator | undefined)?.gpu;
  if (provider === undefined) {
    return {
      kind: "unavailable",
      reason: "This runtime has no WebGPU",
      fix: "run under Deno with `--unstable-webgpu`",
    };
  }
  const adapter = await provider.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    return { kind: "unavailable", reason: "No WebGPU adapter answered", fix: INSTALL_FIX };
  }
  const dialect = o.dialect ?? "naga";
  const opened = await requestDevice(adapter, {
    subgroups: o.subgroups !== "off",
    matrices: o.subgroups !== "off" && dialect === "tint",
    coherence: dialect === "naga",
  });
  if (opened === null) {
    return {
      kind: "unavailable",
      reason: `Adapter "${adapter.info.description}" refused a device`,
      fix: INSTALL_FIX,
    };
  }
  const { device, features } = opened;
  const info = describeAdapter(adapter, features);
  if (dialect === "naga" && isOpenGl(info)) {
    device.destroy();
    return {
      kind: "unavailable",
      reason: `Only OpenGL answered ("${info.description}"), which kernels are not made for`,
      fix: INSTALL_FIX,
    };
  }
  const isSoftware = /llvmpipe|swiftshader|softpipe/i.test(info.description);
  const faults: string[] = [];
  device.addEventListener("uncapturederror", (event) => {
    faults.push((event as GPUUncapturedErrorEvent).error.message);
  });
  device.lost.then((lost) => faults.push(`Device lost: ${lost.message}`));
  const subgroupSize = features.includes("subgroups") ? fixedSubgroupSize(info) : 0;
  const matrix = features.includes(MATRIX_FEATURE) && subgroupSize > 0
    ? matrixUnit(adapter, device.limits.maxComputeWorkgroupStorageSize)
    : null;
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  return {
    kind: "gpu",
    gpu: {
      device,
      adapter: info,
      target: {
        subgroupSize,
        dialect,
        isCompact: isSoftware,
        ...(features.includes(COHERENT_FEATURE) ? { isCoherent: true } : {}),
        ...(hasPackedProducts(provider) ? { hasPackedProducts: true } : {}),
        ...(matrix === null ? {} : { matrix }),
      },
      maxBindingBytes: Math.min(o.maxBindingBytes ?? limit, limit),
      hasTimestamps: features.includes("timestamp-query"),
      isSoftware,
      pipelines: new Map(),
      objects: { made: 0 },
      faults,
      provider,
      ...(o.waitMs === undefined ? {} : { waitMs: o.waitMs }),
    },
  };
}

/** Gives the device back; buffers made from it are lost. */
export function closeGpu(gpu: Gpu): void {
  gpu.device.destroy();
}

// Deno grants subgroups on adapters that do not list them, so a device is asked for with less and
// less until one is given.
async function requestDevice(
  adapter: GPUAdapter,
  wants: { subgroups: boolean; matrices: boolean; coherence: boolean },
): Promise<{ device: GPUDevice; features: string[] } | null> {
  const requiredLimits: Record<string, number> = {};
  for (const name of NEEDED_LIMITS) requiredLimits[name] = adapter.limits[name];
  const subgroups = wants.subgroups ? [["subgroups", "timestamp-query"], ["subgroups"]] : [];
  const matrices = wants.matrices && adapter.features.has(MATRIX_FEATURE as GPUFeatureName)
    ? subgroups.map((features) => [...features, "shader-f16", MATRIX_FEATURE])
    : [];
  const more = wants.coherence ? subgroups.map((names) => [...names, COHERENT_FEATURE]) : [];
  for (const features of [...matrices, ...more, ...subgroups, ["timestamp-query"], []]) {
    try {
      const device = await adapter.requestDevice({
        requiredFeatures: features as GPUFeatureName[],
        requiredLimits,
      });
      return { device, features };
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    }
  }
  return null;
}

function describeAdapter(adapter: GPUAdapter, features: readonly string[]): AdapterDescription {
  const info = adapter.info as GPUAdapterInfo & {
    subgroupMinSize?: number;
    subgroupMaxSize?: number;
  };
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    // Browsers tell the parts alone.
    description: info.description ||
      [info.vendor, info.architecture, info.device].filter((part) => part !== "").join(" "),
    subgroupMinSize: info.subgroupMinSize ?? 0,
    subgroupMaxSize: info.subgroupMaxSize ?? 0,
    features,
  };
}

// Deno does not name an adapter's backend. Where it falls back to OpenGL it gives the widest range of
// subgroup sizes, which no Vulkan, Metal or Direct3D driver does.
function isOpenGl(info: AdapterDescription): boolean {
  return info.subgroupMinSize === 4 && info.subgroupMaxSize === 128;
}

// Not yet in the WebGPU standard: Dawn lists the matrices that the hardware multiplies.
function matrixUnit(adapter: GPUAdapter, workgroupBytes: number): MatrixUnit | null {
  const { subgroupMatrixConfigs } = adapter.info as GPUAdapterInfo & {
    readonly subgroupMatrixConfigs?: Iterable<{
      readonly componentType: string;
      readonly resultComponentType: string;
      readonly M: number;
      readonly N: number;
      readonly K: number;
    }>;
  };
  const sizes = [...subgroupMatrixConfigs ?? []].filter((c) =>
    c.componentType === "f16" && c.resultComponentType === "f32" && c.M === c.N && c.N === c.K
  ).map(({ M }) => M);
  const size = ([16, 8] as const).find((each) => sizes.includes(each));
  return size === undefined ? null : { size, workgroupBytes };
}

function hasPackedProducts(provider: GPU): boolean {
  const { wgslLanguageFeatures } = provider as { wgslLanguageFeatures?: ReadonlySet<string> };
  return wgslLanguageFeatures?.has("packed_4x8_integer_dot_product") === true;
}

// Programs are generated for one size; an adapter that may pick among several gets the portable one.
function fixedSubgroupSize(info: AdapterDescription): number {
  const size = info.subgroupMinSize;
  const isFixed = size === info.subgroupMaxSize;
  const isPowerOfTwo = size >= 4 && size <= 64 && (size & (size - 1)) === 0;
  return isFixed && isPowerOfTwo ? size : 0;
}

/**
 * Compiles a program once for a device.
 *
 * @throws {GpuError} `compile`, with the compiler's message, if the program is refused.
 */
export function compileProgram(
  gpu: Gpu,
  program: Program,
  layout: GPUBindGroupLayout,
): Promise<GPUComputePipeline> {
  const known = gpu.pipelines.get(program.name);
  if (known !== undefined) return known;
  const compiled = compile(gpu, program, layout);
  gpu.objects.made++;
  gpu.pipelines.set(program.name, compiled);
  return compiled;
}

async function compile(
  gpu: Gpu,
  program: Program,
  layout: GPUBindGroupLayout,
): Promise<GPUComputePipeline> {
  const { device } = gpu;
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: program.code, label: program.name });
  let failure: string | undefined;
  let pipeline: GPUComputePipeline | undefined;
  try {
    const compiling = device.createComputePipelineAsync({
      label: program.name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: program.entryPoint },
    });
    pipeline = await answered(gpu, compiling, `compiling "${program.name}"`);
  } catch (error) {
    if (endsDevice(error)) throw error;
    failure = error instanceof Error ? error.message : String(error);
  }
  const scoped = await device.popErrorScope();
  if (pipeline !== undefined && scoped === null) return pipeline;
  const { messages } = await module.getCompilationInfo();
  const detail = messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join("\n");
  const reason = detail || scoped?.message || failure;
  throw new GpuError("compile", `Cannot compile program "${program.name}": ${reason}`);
}

/**
 * Makes a buffer, with an error that names it if the device cannot hold it.
 *
 * @throws {GpuError} `limit` if the size exceeds what the adapter allows.
 */
export function createBuffer(
  gpu: Gpu,
  o: { label: string; sizeBytes: number; usage: number },
): GPUBuffer {
  const sizeBytes = Math.max(16, Math.ceil(o.sizeBytes / 16) * 16);
  if (sizeBytes > gpu.device.limits.maxBufferSize) {
    throw new GpuError(
      "limit",
      `Cannot make buffer "${o.label}" of ${sizeBytes} bytes: the adapter allows ` +
        `${gpu.device.limits.maxBufferSize}; use fewer pages or layers`,
    );
  }
  gpu.objects.made++;
  return gpu.device.createBuffer({ label: o.label, size: sizeBytes, usage: o.usage });
}
