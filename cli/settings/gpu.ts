import type { Setting } from "./setting.ts";
import { choiceOf, type ChoiceParser } from "./parsers.ts";

/** Who implements WebGPU: Deno itself, or Dawn with or without its bounds checks. */
export type GpuProvider = "deno" | "dawn" | "dawn-unchecked";

/** Every provider, in the order of help texts. */
export const GPU_PROVIDERS = [
  "deno",
  "dawn",
  "dawn-unchecked",
] as const satisfies readonly GpuProvider[];

/** What the choice means, for help texts. */
export const GPU_PROVIDER_BRIEF = "WebGPU of deno, dawn, or dawn-unchecked";

/** Reads the choice. */
export const parseGpuProvider: ChoiceParser<GpuProvider> = choiceOf<GpuProvider>(GPU_PROVIDERS);

/** The flag of commands that have flags only. */
export const GPU_FLAG = {
  kind: "parsed" as const,
  parse: parseGpuProvider,
  brief: GPU_PROVIDER_BRIEF,
  placeholder: "NAME",
  default: "deno" as const,
};

/** The setting of commands that read variables and files too. */
export const GPU_SETTING: Setting<GpuProvider> = {
  brief: GPU_PROVIDER_BRIEF,
  placeholder: "NAME",
  defaultValue: "deno",
  parse: parseGpuProvider,
};
