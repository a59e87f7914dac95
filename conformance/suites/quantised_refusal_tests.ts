/** Tests of refusals: codes and scales that do not fit their format are named before they are read. */
import type { AttentionProblem, QuantisedTensor, ScaleView } from "../../kernel/mod.ts";
import type { TestDefinition } from "../test_definition.ts";
import { appendRefused, defineAppendTest } from "./append_case.ts";
import { attendRefused, defineAttendTest } from "./attend_case.ts";

type Quantised = Pick<AttentionProblem, "shape" | "quantisedKeys" | "quantisedValues">;

/** A fault of one side or of the shape; fields may have any type, as from outside. */
type Fault = <P extends Quantised>(problem: P) => P;

type Change = (
  tensor: QuantisedTensor,
  shape: AttentionProblem["shape"],
) => { readonly [K in keyof QuantisedTensor]?: unknown };

function ofValues(change: Change): Fault {
  return (problem) => {
    const tensor = problem.quantisedValues!;
    const quantisedValues = { ...tensor, ...change(tensor, problem.shape) } as QuantisedTensor;
    return { ...problem, quantisedValues };
  };
}

function ofFormat(change: object): Fault {
  return (problem) => {
    const valueFormat = { ...problem.shape.valueFormat, ...change };
    return { ...problem, shape: { ...problem.shape, valueFormat } };
  };
}

function seenAs(view: (shape: AttentionProblem["shape"]) => ScaleView): Fault {
  return ofValues((_, shape) => ({ scaleView: view(shape) }));
}

const SCALE_FAULTS: Readonly<Record<string, Fault>> = {
  "scales_missing": ofValues(() => ({ scales: undefined })),
  "scales_short": ofValues(({ scales }) => ({ scales: scales!.slice(1) })),
  "scales_long": ofValues(({ scales }) => ({ scales: Float32Array.from([...scales!, 1]) })),
  "scales_int8": ofValues(({ scales }) => ({ scales: new Int8Array(scales!.length) })),
  "scales_int32": ofValues(({ scales }) => ({ scales: new Int32Array(scales!.length) })),
  "scales_16_bits": ofValues(({ scales }) => ({ scales: new Uint16Array(scales!.length) })),
};

/** Faults by the format that they are faults of; the first is of the scales of tokens. */
const FAULTS: Readonly<Record<string, Readonly<Record<string, Fault>>>> = {
  "int8-token-f32": {
    ...SCALE_FAULTS,
    "scales_of_heads": ofValues((_, { kvHeads }) => ({ scales: new Float32Array(kvHeads) })),
    "shape_heads_last": seenAs(({ pages, kvHeads, pageSizeTokens }) => ({
      shape: [pages, pageSizeTokens, kvHeads],
    })),
    "shape_flat": seenAs(({ pages, kvHeads, pageSizeTokens }) => ({
      shape: [pages * kvHeads * pageSizeTokens],
    })),
    "strides_heads_last": seenAs(({ kvHeads, pageSizeTokens }) => ({
      strides: [kvHeads * pageSizeTokens, 1, kvHeads],
    })),
    "strides_padded": seenAs(({ kvHeads, pageSizeTokens }) => ({
      strides: [2 * kvHeads * pageSizeTokens, 2 * pageSizeTokens, 2],
    })),
    "codes_missing": ofValues(() => ({ codes: undefined })),
    "codes_short": ofValues(({ codes }) => ({ codes: codes.slice(64) })),
    "codes_float32": ofValues(({ codes }) => ({ codes: new Float32Array(codes.length) })),
    "codes_16_bits": ofValues(({ codes }) => ({ codes: new Uint16Array(codes.length) })),
    "codes_unknown": ofFormat({ codes: "int7" }),
    "granularity_unknown": ofFormat({ granularity: "column" }),
    "scale_type_unknown": ofFormat({ scaleType: "f8" }),
  },
  "fp8_e4m3-head-bf16": {
    ...SCALE_FAULTS,
    "scales_16_bits": ofValues(({ scales }) => ({ scales: Float32Array.from(scales!) })),
    "scales_f16": seenAs(() => ({ type: "f16" })),
    "shape_column": seenAs(({ kvHeads }) => ({ shape: [kvHeads, 1] })),
    "codes_int8": ofValues(({ codes }) => ({ codes: new Int8Array(codes.length) })),
    "zeros_stray": ofValues((_, { kvHeads, headSize }) => ({
      zeros: new Float32Array(kvHeads * headSize),
    })),
  },
  "int8-channel-f32": {
    "scales_of_heads": ofValues((_, { kvHeads }) => ({ scales: new Float32Array(kvHeads) })),
    "shape_channels_first": seenAs(({ kvHeads, headSize }) => ({ shape: [headSize, kvHeads] })),
    "strides_channels_first": seenAs(({ kvHeads }) => ({ strides: [1, kvHeads] })),
  },
  "int8-inline-f16": {
    "scales_stray": ofValues(({ codes }) => ({ scales: new Uint16Array(codes.length / 80) })),
    "rows_without_scale": ofValues(({ codes }) => ({ codes: codes.slice(codes.length / 5) })),
  },
  "int4-channel-f32": {
    "zeros_missing": ofValues(() => ({ zeros: undefined })),
    "zeros_short": ofValues(({ zeros }) => ({ zeros: zeros!.slice(1) })),
    "zeros_int8": ofValues(({ zeros }) => ({ zeros: new Int8Array(zeros!.length) })),
    "zeros_fraction": ofValues(({ zeros }) => ({ zeros: zeros!.map((zero) => zero + 0.5) })),
    "codes_unpacked": ofValues(({ codes }) => ({ codes: new Uint8Array(2 * codes.length) })),
    "scales_of_heads": ofValues((_, { kvHeads }) => ({ scales: new Float32Array(kvHeads) })),
  },
  "fp4_e2m1-block-fp8_e4m3": {
    "scales_missing": ofValues(() => ({ scales: undefined })),
    "scales_of_tokens": ofValues(({ scales }) => ({
      scales: scales!.slice(scales!.length * 3 / 4),
    })),
    "scales_float32": ofValues(({ scales }) => ({ scales: new Float32Array(scales!.length) })),
    "scales_f32_view": seenAs(() => ({ type: "f32" })),
    "tensor_scale_missing": ofValues(() => ({ tensorScale: undefined })),
    "tensor_scale_of_heads": ofValues((_, { kvHeads }) => ({
      tensorScale: new Float32Array(kvHeads),
    })),
    "blocks_of_32": seenAs(({ pages, kvHeads, pageSizeTokens, headSize }) => ({
      shape: [pages, kvHeads, pageSizeTokens, headSize / 32],
    })),
  },
};

const isC4 = (format: string): boolean => /^(int4|fp4)/.test(format);

function casesOf(family: "c8" | "c4"): { format: string; fault: string }[] {
  return Object.entries(FAULTS)
    .filter(([format]) => isC4(format) === (family === "c4"))
    .flatMap(([format, faults]) => Object.keys(faults).map((fault) => ({ format, fault })));
}

const APPEND_FAULTS = [
  "scales_missing",
  "scales_short",
  "shape_heads_last",
  "strides_heads_last",
  "codes_short",
  "codes_unknown",
  "codes_int8",
  "zeros_missing",
  "tensor_scale_missing",
];

export const quantisedRefusalTests: readonly TestDefinition[] = [
  ...(["c8", "c4"] as const).map((family) =>
    defineAttendTest({
      id: `kernel:${family}:refusal`,
      clauses: [`dtype/${family}`],
      description: "Codes, scales and zero points of another type, shape or stride are refused",
      cases: casesOf(family),
      spec: { rows: "1+20" },
      run: (kernel, problem, { format, fault }) =>
        attendRefused(kernel, FAULTS[format]![fault]!(problem), problem),
    })
  ),
  defineAppendTest({
    id: "kernel:append_codes:refusal",
    clauses: ["dtype/append-quantises"],
    description: "An append refuses the same codes and scales before it writes",
    cases: [...casesOf("c8"), ...casesOf("c4")].filter(({ fault }) =>
      APPEND_FAULTS.includes(fault)
    ),
    spec: { rows: "1+20" },
    run: (kernel, problem, { format, fault }) =>
      appendRefused(kernel, FAULTS[format]![fault]!(problem), problem),
  }),
];
