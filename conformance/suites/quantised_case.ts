/** Formats of quantised caches as parameters of cases, and problems with chosen scales. */
import type { Layout } from "../../allocator/mod.ts";
import {
  type AttentionProblem,
  CODE_FORMATS,
  encodeCode,
  encodeValues,
  formatName,
  QUANTISED_FORMATS,
  type QuantisedFormat,
  type QuantisedTensor,
} from "../../kernel/mod.ts";
import { LAYOUTS } from "./cache_spec.ts";
import { STORAGES } from "./kernel_case.ts";

/** C8 or C4: the clause, the path of its tests, and its formats. */
export interface FormatFamily {
  /** Second level of its tests' ids. */
  readonly path: "c8" | "c4";
  /** The clause that says what it is. */
  readonly clause: string;
  readonly formats: readonly QuantisedFormat[];
  /** Formats that stand for the others where something else is varied, as parameters. */
  readonly leading: readonly string[];
}

/** Both. */
export const FAMILIES: readonly FormatFamily[] = [
  {
    path: "c8",
    clause: "dtype/c8",
    formats: QUANTISED_FORMATS.filter(({ codes }) => CODE_FORMATS[codes].bits === 8),
    leading: ["int8-token-f32", "fp8_e4m3-head-f32", "int8-inline-f16", "fp8_e5m2-channel-bf16"],
  },
  {
    path: "c4",
    clause: "dtype/c4",
    formats: QUANTISED_FORMATS.filter(({ codes }) => CODE_FORMATS[codes].bits === 4),
    leading: ["int4-channel-bf16", "fp4_e2m1-block-fp8_e4m3"],
  },
];

/** A format as the parameter of a case: ids have colons of their own. */
export function formatParam(format: QuantisedFormat): string {
  return formatName(format).replaceAll(":", "-");
}

/** Sides in the formats of a parameter `keys+values`, or both in one format. */
export function inFormats(param: string): { keys: string; values: string } {
  const [keys = "", values = keys] = param.split("+").map((each) => each.replaceAll("-", ":"));
  return { keys, values };
}

/**
 * Cases in which every format occurs, and every code type and granularity with every layout: types
 * of scales go round against layouts.
 */
export function formatsByLayout(
  { formats }: Pick<FormatFamily, "formats">,
): { format: string; layout: Layout; storage: "bf16" | "f16" }[] {
  return formats.flatMap((format, index) => {
    const layouts = format.granularity === "block"
      ? LAYOUTS
      : [LAYOUTS[(index + Math.floor(index / 3)) % LAYOUTS.length]!];
    return layouts.map((layout) => ({
      format: formatParam(format),
      layout,
      storage: STORAGES[index % 2]!,
    }));
  });
}

/** Stores numbers as scales of a type. */
export function encodeScales(
  type: QuantisedFormat["scaleType"],
  values: readonly number[],
): NonNullable<QuantisedTensor["scales"]> {
  if (type === "f32") return Float32Array.from(values);
  if (type === "fp8_e4m3") return Uint8Array.from(values, (value) => encodeCode(type, value));
  return encodeValues(type, Float64Array.from(values));
}

/** A problem whose values have other scales; keys stay. */
export function withValueScales(
  problem: AttentionProblem,
  scaleAt: (index: number) => number,
): AttentionProblem {
  const { valueFormat } = problem.shape;
  const tensor = problem.quantisedValues!;
  const values = Array.from(tensor.scales!, (_, index) => scaleAt(index));
  const scales = encodeScales(valueFormat!.scaleType, values);
  return { ...problem, quantisedValues: { ...tensor, scales } };
}
