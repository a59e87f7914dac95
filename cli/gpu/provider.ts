import type { GpuProvider } from "../settings/mod.ts";
import { type GpuOutcome, openGpu, type OpenGpuOptions } from "../../kernel/mod.ts";

// Not in the import map, whose packages every first run downloads: Dawn has 50 MB and few need it.
const DAWN_PACKAGE = "npm:webgpu@0.6.2";

/** f16 and matrices are behind the unsafe ones; timestamps are rounded to 65,536 ns without. */
const ENABLED = ["allow_unsafe_apis", "vulkan_enable_f16_on_nvidia"];
const DISABLED = ["timestamp_quantization"];
/** Checks that ONNX Runtime leaves out too; every input of a kernel was checked before. */
const CHECKS_OFF = ["disable_robustness", "disable_workgroup_init"];

const DAWN_FIX =
  "run `deno task dawn …` in a checkout, or give --allow-ffi, or set HEADWISE_DAWN " +
  "to the index.js of an unpacked npm package 'webgpu'";

/** What the package exports. */
export interface DawnModule {
  /** Makes a WebGPU entry; its devices live as long as it is referenced. */
  readonly create: (options: readonly string[]) => GPU;
}

/**
 * Opens the default adapter of a provider. Dawn is loaded only when asked for.
 *
 * @param o Options besides the provider, and what loads Dawn in place of an import.
 * @returns The open GPU, or why there is none and how to fix it.
 */
export async function openProvider(
  provider: GpuProvider,
  o: Pick<OpenGpuOptions, "subgroups"> & {
    readonly load?: (specifier: string) => Promise<DawnModule>;
  } = {},
): Promise<GpuOutcome> {
  if (provider === "deno") return await openGpu(o);
  const specifier = dawnSpecifier();
  let dawn: DawnModule;
  try {
    dawn = await (o.load ?? importDawn)(specifier);
  } catch (error) {
    const [said] = (error instanceof Error ? error.message : String(error)).split("\n");
    const reason = said.includes("lockfile") ? "it is not in this run's lock file" : said;
    return {
      kind: "unavailable",
      reason: `Dawn cannot be loaded from ${specifier}: ${reason}`,
      fix: DAWN_FIX,
    };
  }
  pollByTimer();
  const enabled = provider === "dawn" ? ENABLED : [...ENABLED, ...CHECKS_OFF];
  const entry = dawn.create([
    `enable-dawn-features=${enabled}`,
    `disable-dawn-features=${DISABLED}`,
  ]);
  return await openGpu({ ...o, provider: entry, dialect: "tint" });
}

/**
 * Dawn asks its devices for answers from `setImmediate` while one is awaited: 200,000 times a second,
 * each time with handles that stay, until collecting them stops the process for seconds at a time. A
 * timer asks once a millisecond, and answers come sooner.
 */
function pollByTimer(): void {
  const host = globalThis as { setImmediate?: unknown };
  host.setImmediate = (callback: (...values: unknown[]) => void, ...values: unknown[]) =>
    setTimeout(callback, 1, ...values);
}

// No literal, so that neither type checks nor bundles look for the package.
function importDawn(specifier: string): Promise<DawnModule> {
  return import(specifier);
}

function dawnSpecifier(): string {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "HEADWISE_DAWN" });
  const path = state === "granted" ? Deno.env.get("HEADWISE_DAWN") : undefined;
  if (!path) return DAWN_PACKAGE;
  return new URL(path, `file://${Deno.cwd()}/`).href;
}
