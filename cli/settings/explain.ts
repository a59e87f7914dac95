import { labels, type Paint, renderTable } from "../terminal/mod.ts";
import type { AnyResolved } from "./resolve.ts";

/**
 * Shows every setting, its value, and where that came from.
 *
 * @param paint Colours; values that are no default stand out.
 */
export function explainSettings(resolved: AnyResolved, paint: Paint): string[] {
  const values = resolved.values as Readonly<Record<string, unknown>>;
  const rows = Object.entries(resolved.origins).map(([name, origin]) => {
    const isDefault = origin.kind === "default";
    const from = isDefault ? `default (${origin.text})` : `${origin.kind} ${origin.text}`;
    const value = showValue(values[name]);
    return [name, isDefault ? value : paint.bold(value), isDefault ? paint.dim(from) : from];
  });
  return renderTable(rows, {
    columns: labels("setting", "value", "from"),
  });
}

/** The same as data, for `--json`. */
export function explainSettingsAsData(
  resolved: AnyResolved,
): Record<string, { value: unknown; kind: string; from: string }> {
  const values = resolved.values as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(resolved.origins).map(([name, { kind, text }]) => [
      name,
      { value: values[name], kind, from: text },
    ]),
  );
}

function showValue(value: unknown): string {
  if (value === null) return "–";
  if (typeof value === "boolean") return value ? "on" : "off";
  return Array.isArray(value) ? value.join(",") : String(value);
}
