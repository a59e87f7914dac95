/** Settings that several commands have, and a short form for switches. */

import { choiceOf, parseSwitch, parseText } from "./parsers.ts";
import type { Setting } from "./setting.ts";

/** Who implements WebGPU: Deno itself, or Dawn with or without its bounds checks. */
export type GpuProvider = "deno" | "dawn" | "dawn-unchecked";

/** A switch that is off by default. */
export function switchSetting(brief: string): {
  readonly brief: string;
  readonly defaultValue: boolean;
  readonly parse: typeof parseSwitch;
} {
  return { brief, defaultValue: false, parse: parseSwitch };
}

/** `--json`. */
export const JSON_SETTING = switchSetting("Print JSON");

/** `--gpu`. */
export const GPU_SETTING = {
  brief: "WebGPU of deno, dawn, or dawn-unchecked",
  placeholder: "NAME",
  defaultValue: "deno",
  parse: choiceOf<GpuProvider>(["deno", "dawn", "dawn-unchecked"]),
} as const satisfies Setting<GpuProvider>;

/** `--out` of commands that otherwise write nothing, or write to standard output. */
export function outSetting<DEFAULT extends string | null>(o: {
  readonly brief: string;
  readonly placeholder?: string;
  readonly defaultValue: DEFAULT;
  readonly defaultText?: string;
}) {
  return { placeholder: "FILE", parse: parseText, ...o };
}
