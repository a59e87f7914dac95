import { parseConfigFile } from "./config_file.ts";
import type { FileValues } from "./config_file.ts";
import type { CliContext } from "../terminal/mod.ts";
import { type ResolvedSettings, resolveSettings } from "./resolve.ts";
import type { SettingFlags } from "./flags.ts";
import type { SettingTable } from "./setting.ts";
import { SETTING_TABLES } from "./tables.ts";

/** What resolving settings takes of the outside. */
export interface SettingsContext {
  /** The environment. */
  readonly process: Pick<CliContext["process"], "env">;
  /** Reads a text file. */
  readonly readTextFile: CliContext["readTextFile"];
}

/** The settings file that is read when none is named and it exists. */
export const DEFAULT_CONFIG_FILE = "headwise.yaml";

/**
 * Reads the settings file, if there is one, and resolves the settings of a command.
 *
 * @param context Environment and files.
 * @param o Name of the command, its table, and its flags.
 * @returns Values and origins.
 * @throws {SettingError} When a value or a name in the file is wrong.
 *
 * @example Without file and flags
 * ```ts
 * import { BENCH_SETTINGS, createSystemContext, loadSettings } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * const { signal } = new AbortController();
 * const context = createSystemContext({ variables: [], signal });
 * const { values } = await loadSettings(context, {
 *   command: "bench",
 *   table: BENCH_SETTINGS,
 *   flags: {},
 * });
 * assert.equal(values.pageOrder, "shuffled");
 * ```
 */
export async function loadSettings<TABLE extends SettingTable>(
  context: SettingsContext,
  o: { readonly command: string; readonly table: TABLE; readonly flags: SettingFlags },
): Promise<ResolvedSettings<TABLE>> {
  const environment = context.process.env;
  const path = namedFileOf(context, o.flags);
  const file = await readValues(context, { path, command: o.command });
  return resolveSettings(o.table, { flags: o.flags, environment, file });
}

/**
 * Tells which settings file a command reads, whether it is there or not.
 *
 * @param context The environment.
 * @param flags Flags of the command.
 * @returns The path that a flag or a variable names, or that of the default file.
 */
export function settingsFileOf(
  context: Pick<SettingsContext, "process">,
  flags: SettingFlags,
): string {
  return namedFileOf(context, flags) ?? DEFAULT_CONFIG_FILE;
}

function namedFileOf(
  context: Pick<SettingsContext, "process">,
  flags: SettingFlags,
): string | null {
  const named = flags["config"] ?? context.process.env["HEADWISE_CONFIG"];
  return typeof named === "string" && named !== "" ? named : null;
}

async function readValues(
  context: SettingsContext,
  o: { readonly path: string | null; readonly command: string },
): Promise<FileValues> {
  const file = o.path ?? DEFAULT_CONFIG_FILE;
  let text: string;
  try {
    text = await context.readTextFile(file);
  } catch (error) {
    if (o.path === null && error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
  const known = Object.fromEntries(
    Object.entries(SETTING_TABLES).map(([name, table]) => [name, Object.keys(table)]),
  );
  return parseConfigFile(text, { file, command: o.command, known });
}
