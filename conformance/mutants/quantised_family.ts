/** Kernels that read quantised caches wrongly, one fault each. */
import {
  type AttentionProblem,
  type CodeType,
  isFiniteCode,
  type QuantisedFormat,
  type QuantisedTensor,
  rowBytes,
} from "../../kernel/mod.ts";
import { SIDE_FIELDS } from "../adapters/quantised_tensors.ts";
import { type FamilyMember, kernelFamily } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { asking } from "./problem_changes.ts";

type Shape = AttentionProblem["shape"];
type Scales = NonNullable<QuantisedTensor["scales"]>;

/** A side as a faulty kernel takes it. */
type Misread = QuantisedTensor | { readonly format: QuantisedFormat };

/** What a fault makes of a side; undefined where the side is none of its business. */
type SideFault = (
  tensor: QuantisedTensor,
  o: { readonly format: QuantisedFormat; readonly shape: Shape },
) => Misread | undefined;

interface SideMember extends FamilyMember {
  readonly change: SideFault;
}

/** Scales, each taken from another place of the same tensor. */
export function scalesFrom(
  tensor: QuantisedTensor,
  from: (index: number) => number,
): QuantisedTensor {
  const scales = tensor.scales!;
  const moved = scales.slice() as Scales;
  for (let index = 0; index < scales.length; index++) {
    const place = from(index);
    moved[index] = scales[(place + scales.length) % scales.length]!;
  }
  return { ...tensor, scales: moved };
}

function scalesOf(
  granularity: QuantisedFormat["granularity"],
  from: (index: number, shape: Shape) => number,
): SideFault {
  return (tensor, { format, shape }) =>
    format.granularity === granularity && tensor.scales !== undefined
      ? scalesFrom(tensor, (index) => from(index, shape))
      : undefined;
}

/** Zero points, each taken from another place of the same tensor. */
function zerosOf(from: (index: number, shape: Shape) => number): SideFault {
  return (tensor, { shape }) => {
    const { zeros } = tensor;
    return zeros && {
      ...tensor,
      zeros: zeros.map((_, index) => zeros[from(index, shape) % zeros.length]!),
    };
  };
}

function codesOf(types: readonly CodeType[], change: (code: number) => number): SideFault {
  return (tensor, { format }) =>
    types.includes(format.codes) && format.granularity !== "inline"
      ? { ...tensor, codes: tensor.codes.map(change) }
      : undefined;
}

function swapNibbles(byte: number): number {
  return ((byte & 15) << 4) | (byte >> 4);
}

/** Inline scales of the next row's codes. */
const inlineOfNextRow: SideFault = (tensor, { format, shape }) => {
  if (format.granularity !== "inline") return undefined;
  const stride = rowBytes(format, shape.headSize);
  const codes = tensor.codes.slice();
  for (let row = 0; row + stride < codes.length; row += stride) {
    const next = tensor.codes.subarray(row + stride + shape.headSize, row + 2 * stride);
    codes.set(next, row + shape.headSize);
  }
  return { ...tensor, codes };
};

/** The lower neighbour of every scale by token whose rows lie [N, P, H]. */
function headsLast(index: number, { kvHeads, pageSizeTokens }: Shape): number {
  const page = Math.floor(index / (kvHeads * pageSizeTokens));
  const head = Math.floor(index / pageSizeTokens) % kvHeads;
  const token = index % pageSizeTokens;
  return (page * pageSizeTokens + token) * kvHeads + head;
}

const FP8: readonly CodeType[] = ["fp8_e4m3", "fp8_e5m2"];
const isFlushed = (type: CodeType, code: number): boolean =>
  FP8.includes(type) && (code & (type === "fp8_e4m3" ? 0x78 : 0x7c)) === 0;

const NAMES = { int4: "int4-channel-f32", "fp4_e2m1": "fp4_e2m1-block-fp8_e4m3" };

const MEMBERS: readonly SideMember[] = [
  member("scale_of_neighbour_head", "c8", {
    fault: "The scale of the next head is read",
    killedBy: ["kernel:c8:format:format=int8-head-f32;*"],
    change: scalesOf("head", (index) => index + 1),
  }),
  member("scale_of_neighbour_token", "c8", {
    fault: "The scale of the next token is read",
    killedBy: ["kernel:c8:format:format=int8-token-f32;*"],
    change: scalesOf("token", (index) => index + 1),
  }),
  member("scale_of_neighbour_page", "c8", {
    fault: "The scale of the same token of the next page is read",
    killedBy: ["kernel:c8:format:format=int8-token-f32;*"],
    change: scalesOf(
      "token",
      (index, { kvHeads, pageSizeTokens }) => index + kvHeads * pageSizeTokens,
    ),
  }),
  member("scales_heads_last", "c8", {
    fault: "Scales by token are read as [N, P, H]",
    killedBy: ["kernel:c8:format:format=int8-token-f32;*"],
    change: scalesOf("token", headsLast),
  }),
  member("one_scale_a_page", "c8", {
    fault: "The first token of a page gives the scale of the whole page",
    killedBy: ["kernel:c8:format:format=fp8_e4m3-token-f32;*"],
    change: scalesOf("token", (index, { pageSizeTokens }) => index - index % pageSizeTokens),
  }),
  member("one_scale_a_head", "c8", {
    fault: "The first channel gives the scale of the whole head",
    killedBy: ["kernel:c8:format:format=int8-channel-f32;*"],
    change: scalesOf("channel", (index, { headSize }) => index - index % headSize),
  }),
  member("channels_first", "c8", {
    fault: "Scales by channel are read as [D, H]",
    killedBy: ["kernel:c8:format:format=fp8_e4m3-channel-f32;*"],
    change: scalesOf(
      "channel",
      (index, { kvHeads, headSize }) => (index % headSize) * kvHeads + Math.floor(index / headSize),
    ),
  }),
  member("inline_scale_of_next_row", "c8", {
    fault: "The scale behind the next row's codes is read",
    killedBy: ["kernel:c8:format:format=int8-inline-f16;*"],
    change: inlineOfNextRow,
  }),
  member("e4m3_as_e5m2", "c8", {
    fault: "Codes of e4m3 are read as e5m2",
    killedBy: ["kernel:c8:format:format=fp8_e4m3-head-f32;*"],
    change: asCodes("fp8_e4m3", "fp8_e5m2"),
  }),
  member("e5m2_as_e4m3", "c8", {
    fault: "Codes of e5m2 are read as e4m3",
    killedBy: ["kernel:c8:format:format=fp8_e5m2-head-f32;*"],
    change: asCodes("fp8_e5m2", "fp8_e4m3"),
  }),
  member("e4m3fn_as_fnuz", "c8", {
    fault: "Codes of e4m3fn are read with the exponent bias of e4m3fnuz",
    killedBy: ["kernel:c8:format:format=fp8_e4m3-tensor-f32;*"],
    change: (tensor, { format }) =>
      format.codes === "fp8_e4m3" && tensor.scales instanceof Float32Array
        ? { ...tensor, scales: tensor.scales.map((scale) => scale / 2) }
        : undefined,
  }),
  member("sign_dropped", "c8", {
    fault: "The sign of a code is not read",
    killedBy: ["kernel:c8:format:format=int8-head-f32;*"],
    change: codesOf(["int8"], (code) => code & 0x7f),
  }),
  member("least_code_clamped", "c8", {
    fault: "The code -128 is read as -127",
    killedBy: ["kernel:c8:every_code:format=int8-tensor-f32;*"],
    change: codesOf(["int8"], (code) => code === 0x80 ? 0x81 : code),
  }),
  ...FP8.map((type) =>
    member(`${type}_subnormals_flushed`, "c8", {
      fault: `Subnormal codes of ${type} are read as 0`,
      killedBy: [`kernel:c8:every_code:format=${type}-tensor-f32;*`],
      change: codesOf([type], (code) => isFlushed(type, code) ? code & 0x80 : code),
    })
  ),
  ...FP8.map((type) =>
    member(`${type}_nan_as_number`, "c8", {
      fault: `Codes of ${type} that are no number are read as the largest one`,
      killedBy: ["kernel:c8:visible_nan"],
      change: codesOf(
        [type],
        (code) =>
          isFiniteCode(type, code) ? code : (code & 0x80) | (type === "fp8_e4m3" ? 0x7e : 0x7b),
      ),
    })
  ),
  member("largest_code_cut", "c8", {
    fault: "The largest codes of e4m3 (256 to 448) are read as infinite ones, here as 240",
    killedBy: ["kernel:c8:every_code:format=fp8_e4m3-tensor-f32;*"],
    change: codesOf(
      ["fp8_e4m3"],
      (code) =>
        isFiniteCode("fp8_e4m3", code) && (code & 0x7f) >= 0x78 ? (code & 0x80) | 0x77 : code,
    ),
  }),
  member("f16_scales_as_bf16", "c8", {
    fault: "Scales of f16 are read as bf16",
    killedBy: ["kernel:c8:format:format=int8-token-f16;*"],
    change: (_, { format }) =>
      format.scaleType === "f16" ? { format: { ...format, scaleType: "bf16" } } : undefined,
  }),
  ...(["int4", "fp4_e2m1"] as const).map((type) =>
    member(`${type}_nibbles_swapped`, "c4", {
      fault: `Of two codes of ${type} the high one is read first`,
      killedBy: [`kernel:c4:format:format=${NAMES[type]};*`],
      change: codesOf([type], swapNibbles),
    })
  ),
  member("zero_point_forgotten", "c4", {
    fault: "Zero points are not taken off",
    killedBy: ["kernel:c4:format:format=int4-channel-f32;*", "kernel:c4:every_code"],
    change: (tensor) =>
      tensor.zeros === undefined ? undefined : { ...tensor, zeros: tensor.zeros.slice().fill(0) },
  }),
  member("zero_point_of_neighbour_channel", "c4", {
    fault: "The zero point of the next channel is taken off",
    killedBy: ["kernel:c4:format:format=int4-channel-bf16;*"],
    change: zerosOf((index) => index + 1),
  }),
  member("zero_point_of_first_head", "c4", {
    fault: "Every head takes the zero points of the first one",
    killedBy: ["kernel:c4:format:format=int4-channel-f32;*"],
    change: zerosOf((index, { headSize }) => index % headSize),
  }),
  member("tensor_scale_forgotten", "c4", {
    fault: "The scale above those of blocks is not multiplied in",
    killedBy: ["kernel:c4:format:format=fp4_e2m1-block-fp8_e4m3;*"],
    change: (tensor) =>
      tensor.tensorScale === undefined
        ? undefined
        : { ...tensor, tensorScale: new Float32Array([1]) },
  }),
  member("scale_of_neighbour_block", "c4", {
    fault: "The scale of the next block is read",
    killedBy: ["kernel:c4:format:format=fp4_e2m1-block-fp8_e4m3;*"],
    change: scalesOf("block", (index) => index + 1),
  }),
  member("blocks_of_32", "c4", {
    fault: "Two blocks of 16 share the scale of the first",
    killedBy: ["kernel:c4:format:format=fp4_e2m1-block-fp8_e4m3;*"],
    change: scalesOf("block", (index) => index - index % 2),
  }),
];

function member(
  label: string,
  family: "c8" | "c4",
  o: Omit<SideMember, "label" | "violates">,
): SideMember {
  return { ...o, label, violates: [`dtype/${family}`] };
}

/** Codes read as another type of as many bits. */
function asCodes(type: CodeType, other: CodeType): SideFault {
  return (_, { format }) =>
    format.codes === type ? { format: { ...format, codes: other } as QuantisedFormat } : undefined;
}

/** A problem whose quantised sides are misread. */
export function mutateSides(problem: AttentionProblem, change: SideFault): AttentionProblem {
  const { shape } = problem;
  let misread = problem;
  for (const { format: formatField, tensor: field } of Object.values(SIDE_FIELDS)) {
    const format = shape[formatField];
    const tensor = problem[field];
    const side = format && isWhole(tensor) ? change(tensor, { format, shape }) : undefined;
    if (side === undefined) continue;
    misread = "format" in side
      ? { ...misread, shape: { ...misread.shape, [formatField]: side.format } }
      : { ...misread, [field]: side };
  }
  return misread;
}

/** Whether a side has what a fault may touch: problems for refusals come here too. */
export function isWhole(tensor: QuantisedTensor | undefined): tensor is QuantisedTensor {
  return tensor?.codes instanceof Uint8Array;
}

export const quantisedMutants: readonly Mutant[] = kernelFamily(
  { name: "reads" },
  MEMBERS,
  ({ change }) => asking((problem) => mutateSides(problem, change)),
);
