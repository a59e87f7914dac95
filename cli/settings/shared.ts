/** Settings that several commands have, and a short form for switches. */

import { choiceOf, parseSwitch } from "./parsers.ts";
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
  /** A switch that lets files be replaced that are not results. */
  force: (text: string): string | null => parseSwitch(text) ? "replace files of any kind" : null,
  /** An address to listen on. */
  address: (): string => "choose who can reach the server",
} as const;

/**
 * What a setting that is no switch takes.
 *
 * @param placeholder What stands for its value in help.
 * @param parse Reads its value.
 * @param defaultValue Value where none is given; null for none of its own.
 * @param defaultText What holds then, where the value does not say it.
 */
export function takes<PARSE extends (text: string) => unknown, const DEFAULT>(
  placeholder: string,
  parse: PARSE,
  defaultValue: DEFAULT,
  defaultText?: string,
): {
  readonly placeholder: string;
  readonly parse: PARSE;
  readonly defaultValue: DEFAULT;
  readonly defaultText?: string;
} {
  const text = defaultText === undefined ? {} : { defaultText };
  return { placeholder, parse, defaultValue, ...text };
}

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
export const FORCE_SETTING = {
  ...switchSetting("Replace an existing file, whatever it holds"),
  confirm: CONFIRM.force,
};

/** `--gpu`. */
export const GPU_SETTING = {
  brief: "WebGPU of deno, dawn, or dawn-unchecked",
  ...takes("NAME", choiceOf<GpuProvider>(["deno", "dawn", "dawn-unchecked"]), "deno"),
} as const satisfies Setting<GpuProvider>;
