/** A small writer of SVG: elements to text, the same text for the same picture. */

/** Attributes; numbers are written with at most two decimals. */
export type SvgAttributes = Readonly<Record<string, string | number>>;

/** Writes text so that no character of it is taken for markup. */
export function escapeSvg(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** An element without content, or around text or other elements. */
export function svgElement(
  name: string,
  attributes: SvgAttributes,
  content: string | readonly string[] = "",
): string {
  const written = Object.entries(attributes).map(([key, value]) =>
    ` ${key}="${typeof value === "number" ? formatCoordinate(value) : escapeSvg(value)}"`
  ).join("");
  if (typeof content !== "string") {
    return `<${name}${written}>\n${content.join("\n")}\n</${name}>`;
  }
  return content === ""
    ? `<${name}${written}/>`
    : `<${name}${written}>${escapeSvg(content)}</${name}>`;
}

/** A coordinate without trailing zeros. */
export function formatCoordinate(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** A logarithmic axis from data to pixels. */
export interface LogScale {
  /** Smallest and largest value, powers of ten. */
  readonly domain: readonly [number, number];
  /** Gives the pixel of a value. */
  readonly at: (value: number) => number;
  /** Powers of ten in the domain. */
  readonly decades: readonly number[];
}

/** Makes an axis whose ends are the powers of ten around all values. */
export function logScale(
  values: readonly number[],
  pixels: readonly [number, number],
): LogScale {
  // A value that is a power of ten, but for rounding, needs no further decade.
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  const [from, to] = pixels;
  return {
    domain: [10 ** low, 10 ** high],
    at: (value) => from + (Math.log10(value) - low) / (high - low) * (to - from),
    decades: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
  };
}
