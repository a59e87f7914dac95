/** Settings that were given and change nothing, for another one is missing or in the way. */

import { flagOf, type Origin, SettingError, type SettingTable } from "./setting.ts";

/** Values of a command's settings by name. */
type Values = Readonly<Record<string, unknown>>;

/** Tells what a setting lacks to have an effect, in words after "without" or "with". */
export type Needs = (values: Values) => string | null;

/** A setting that has an effect only beside one of others, where the command has them. */
export function onlyWith(...names: readonly string[]): Needs {
  return (values) => {
    const known = names.filter((name) => Object.hasOwn(values, name));
    if (known.length === 0 || known.some((name) => isGiven(values[name]))) return null;
    return `without ${known.map(flagOf).join(" or ")}`;
  };
}

/** A setting that has no effect beside another. */
export function notWith(name: string): Needs {
  return (values) => isGiven(values[name]) ? `with ${flagOf(name)}` : null;
}

/** A setting that has an effect only where another one has one of a few values. */
export function onlyWhere(name: string, wanted: readonly unknown[]): Needs {
  return (values) => {
    if (!Object.hasOwn(values, name) || wanted.includes(values[name])) return null;
    return `without ${flagOf(name)} ${wanted.join(" or ")}`;
  };
}

/** A setting that has no effect where another one has a value of some kind. */
export function notWhere(name: string, values: RegExp): Needs {
  return (given) => values.test(String(given[name])) ? `with ${flagOf(name)} ${given[name]}` : null;
}

/** Several needs at once. */
export function allOf(...needs: readonly Needs[]): Needs {
  return (values) => needs.map((need) => need(values)).find((lack) => lack !== null) ?? null;
}

/** Settings that all lack the same to have an effect. */
export function withNeeds<const TABLE extends SettingTable>(
  needs: Needs,
  table: TABLE,
): TABLE {
  const needing = Object.entries(table).map(([name, setting]) => [name, { ...setting, needs }]);
  return Object.fromEntries(needing) as TABLE;
}

/**
 * Finds what was given in vain. On the command line that is a mistake; a variable or a file may be
 * meant for other runs too, so there it is a note.
 *
 * @returns A note for each variable or key without effect.
 * @throws {SettingError} For a flag without effect, with what it lacks.
 */
export function findIdleSettings(
  table: SettingTable,
  o: { readonly values: Values; readonly origins: Readonly<Record<string, Origin>> },
): string[] {
  return Object.entries(table).flatMap(([name, { needs, defaultValue }]) => {
    const origin = o.origins[name]!;
    const lack = origin.kind === "default" ? null : needs?.(o.values) ?? null;
    // A switch that is said to be off, as it is anyway, misleads no one.
    const isOff = defaultValue === false && o.values[name] === false;
    if (lack === null || isOff) return [];
    const text = `It has no effect ${lack}`;
    if (origin.kind !== "flag") return [`${origin.text}: ${text}`];
    const fix = lack.startsWith("without") ? "add that, or leave this out" : "leave one out";
    throw new SettingError(`${text}; ${fix}`, origin);
  });
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false;
}
