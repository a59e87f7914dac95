import type { ConformanceSettings } from "./conformance.ts";
import type { AnyResolved } from "./resolve.ts";
import { flagOf } from "./setting.ts";

/** Settings that change neither the subject nor a case, only which cases run and what is told. */
const ABOUT_THE_RUN: ReadonlySet<string> = new Set<keyof ConformanceSettings>([
  "filter",
  "shard",
  "run",
  "expectations",
  "out",
  "resume",
  "format",
  "json",
  "list",
  "selfTest",
]);

/**
 * Writes the flags that a single case needs to run as it did.
 *
 * @returns Flags in the table's order, empty where all are defaults.
 */
export function repeatFlagsOf(resolved: AnyResolved): string {
  return flagsOf(resolved, (name) => !ABOUT_THE_RUN.has(name));
}

/** Writes a command that starts the same run again, wherever its settings came from. */
export function commandLineOf(command: string, resolved: AnyResolved): string {
  return `headwise ${command} ${flagsOf(resolved, () => true)}`.trimEnd();
}

function flagsOf(resolved: AnyResolved, isWanted: (name: string) => boolean): string {
  const values = resolved.values as Readonly<Record<string, unknown>>;
  return Object.entries(resolved.origins)
    .filter(([name, origin]) => origin.kind !== "default" && isWanted(name))
    .map(([name]) => {
      const value = values[name];
      return typeof value === "boolean"
        ? `${flagOf(name)}${value ? "" : "=false"}`
        : `${flagOf(name)} ${quote(String(value))}`;
    })
    .join(" ");
}

function quote(text: string): string {
  return /^[\w./:=+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
