/**
 * Writes a time so that three digits or more are seen.
 *
 * @param valueMs Time in milliseconds, or null where there is none.
 * @returns `812 µs`, `4.07 ms`, `3.61 s`, or `–`.
 *
 * @example Missing data is no zero
 * ```ts
 * import { formatDuration } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatDuration(4.068), "4.07 ms");
 * assert.equal(formatDuration(null), "–");
 * ```
 */
export function formatDuration(valueMs: number | null): string {
  if (valueMs === null) return "–";
  const size = Math.abs(valueMs);
  if (size === 0) return "0 ms";
  if (size < 1) return `${significant(valueMs * 1000)} µs`;
  if (size < 10_000) return `${significant(valueMs)} ms`;
  return `${significant(valueMs / 1000)} s`;
}

/**
 * Writes a number with three significant digits, all digits of the whole part, and groups.
 *
 * @param value Number, or null where there is none.
 * @returns `0.0123`, `4.07`, `12,031`, or `–`.
 *
 * @example Groups of thousands
 * ```ts
 * import { formatNumber } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatNumber(12031.4), "12,031");
 * ```
 */
export function formatNumber(value: number | null): string {
  return value === null ? "–" : significant(value);
}

/**
 * Writes a count, or a mean of counts.
 *
 * @param value Number, or null where there is none.
 * @returns `63`, `12,031`, `3.67`, or `–`.
 *
 * @example Whole numbers stay whole
 * ```ts
 * import { formatCount } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatCount(63), "63");
 * ```
 */
export function formatCount(value: number | null): string {
  return Number.isInteger(value) ? value!.toLocaleString("en-US") : formatNumber(value);
}

/**
 * Writes a ratio as the change that it means.
 *
 * @param ratio Candidate over baseline, or null.
 * @returns `-11.3 %`, `+30.0 %`, `±0.0 %`, or `–`.
 *
 * @example An improvement of a time
 * ```ts
 * import { formatChange } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatChange(0.887), "-11.3 %");
 * ```
 */
export function formatChange(ratio: number | null): string {
  if (ratio === null) return "–";
  const percent = ((ratio - 1) * 100).toFixed(1);
  if (Number(percent) === 0) return "±0.0 %";
  return `${ratio > 1 ? "+" : ""}${percent} %`;
}

/**
 * Writes a number of bytes with a binary unit.
 *
 * @param bytes Number of bytes.
 * @returns `16 KiB`, `3.5 GiB`.
 *
 * @example A page of one head
 * ```ts
 * import { formatBytes } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatBytes(16384), "16 KiB");
 * ```
 */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : significant(value)} ${units[unit]}`;
}

/**
 * Writes a rate with a decimal unit, as data sheets do.
 *
 * @param perSecond Rate in units a second.
 * @param unit The unit, such as `B` or `FLOP`.
 * @returns `4.80 TB/s`, `989 TFLOP/s`.
 *
 * @example A memory's rate
 * ```ts
 * import { formatRate } from "@headwise/headwise/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatRate(4.8e12, "B"), "4.80 TB/s");
 * ```
 */
export function formatRate(perSecond: number, unit: string): string {
  const prefixes = ["", "k", "M", "G", "T", "P"];
  const step = perSecond < 1 ? 0 : Math.floor(Math.log10(perSecond) / 3 + 1e-12);
  const index = Math.min(prefixes.length - 1, step);
  return `${significant(perSecond / 1000 ** index)} ${prefixes[index]}${unit}/s`;
}

function significant(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1) {
    return value.toLocaleString("en-US", {
      minimumSignificantDigits: 3,
      maximumSignificantDigits: 3,
    });
  }
  const digits = Math.max(0, 2 - Math.floor(Math.log10(size)));
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
