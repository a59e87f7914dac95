/** Formats of quantised caches as capabilities: a subject claims each one that it takes. */
import { formatName, QUANTISED_FORMATS, type QuantisedFormat } from "../kernel/mod.ts";

/** Claims that a kernel takes a cache whose keys and values are stored so. */
export type FormatCapability = `kernel.cache.${string}`;

/** The capability of a format. */
export function formatCapability(format: QuantisedFormat): FormatCapability {
  return `kernel.cache.${formatName(format)}`;
}

/** What each of them means. */
export const FORMAT_CAPABILITIES: Readonly<Record<FormatCapability, string>> = Object.fromEntries(
  QUANTISED_FORMATS.map((format) => [
    formatCapability(format),
    `a cache of ${format.codes} codes with ${format.scaleType} scales by ${format.granularity}`,
  ]),
);

/**
 * Shortens a list of capabilities: formats of one type of codes that are all there become one entry.
 *
 * @returns The others as they are, and `kernel.cache.int8:*` for all formats of int8.
 */
export function shortenCapabilities(names: readonly string[]): string[] {
  const given = new Set(names);
  const groups = Map.groupBy(QUANTISED_FORMATS, ({ codes }) => codes);
  const whole = [...groups].filter(([, formats]) =>
    formats.length > 1 && formats.map(formatCapability).every((name) => given.has(name))
  );
  const isWhole = (name: string): boolean =>
    whole.some(([codes]) => name.startsWith(`kernel.cache.${codes}:`));
  return [
    ...names.filter((name) => !isWhole(name)),
    ...whole.map(([codes]) => `kernel.cache.${codes}:*`),
  ].sort();
}

/** All of them. */
export const ALL_FORMAT_CAPABILITIES: readonly FormatCapability[] = QUANTISED_FORMATS
  .map(formatCapability);
