/** Settings that several commands have, and a short form for switches. */

import { choiceOf, parseSwitch, parseText } from "./parsers.ts";
import type { Setting } from "./setting.ts";

/** Who implements WebGPU: Deno itself, or Dawn with or without its bounds checks. */
export type GpuProvider = "deno" | "dawn" | "dawn-unchecked";

/** What values do that no one may have done by a file that was only found in a folder. */
export const CONFIRM = {
  /** A subject or a clock that is a program. */
  program: (text: string): string | null =>
    /^\s*(?:exec|module|ffi):/.test(text) ? "run a program" : null,
  /** A switch that starts programs. */
  programs: (text: string): string | null => parseSwitch(text) ? "run programs" : null,
  /** A server that gets requests, and the token. */
  endpoint: (): string => "send requests to a server",
  /** An address to listen on. */
  address: (): string => "choose who can reach the server",
} as const;

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

/** `--force`, of every command that writes a file. */
export const FORCE_SETTING = switchSetting("Replace an existing file, whatever it holds");

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
