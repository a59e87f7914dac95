import type { CliContext } from "../terminal/mod.ts";
import { type FileValues, parseConfigFile } from "./config_file.ts";
import type { SettingFlags } from "./flags.ts";
import { findIdleSettings } from "./idle_settings.ts";
import { resolveSettings } from "./resolve.ts";
import { type CommandName, type Resolved, SETTING_TABLES } from "./tables.ts";

/** The settings file that is read when none is named and it exists. */
export const DEFAULT_CONFIG_FILE = "headwise.yaml";

/**
 * Reads the settings file, if there is one, says so, and resolves the settings of a command.
 *
 * @throws {SettingError} When a value or a name in the file is wrong.
 */
export async function loadSettings<NAME extends CommandName>(
  context: CliContext,
  o: { readonly command: NAME; readonly flags: SettingFlags },
): Promise<Resolved<NAME>> {
  const path = namedFileOf(context, o.flags);
  const file = await readValues(context, { path, command: o.command });
  const resolved = resolveSettings(SETTING_TABLES[o.command], {
    flags: o.flags,
    environment: context.process.env,
    file,
    isFileNamed: path !== null,
  });
  for (const note of findIdleSettings(SETTING_TABLES[o.command], resolved)) {
    context.process.stderr.write(`${note}\n`);
  }
  if (Object.keys(file).length > 0) {
    const note = `Settings of '${o.command}' from '${path ?? DEFAULT_CONFIG_FILE}'`;
    context.process.stderr.write(`${note}\n`);
  }
  return resolved;
}

/** The settings file that a command reads, whether it exists or not. */
export function settingsFileOf(context: CliContext, flags: SettingFlags): string {
  return namedFileOf(context, flags) ?? DEFAULT_CONFIG_FILE;
}

function namedFileOf(context: CliContext, flags: SettingFlags): string | null {
  const named = flags["config"] ?? context.process.env["HEADWISE_CONFIG"];
  return typeof named === "string" && named !== "" ? named : null;
}

async function readValues(
  context: CliContext,
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
