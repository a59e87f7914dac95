/** Kernels that quantise what they append wrongly, one fault each. */
import {
  type AppendProblem,
  cacheOffset,
  CODE_FORMATS,
  type CodeType,
  decodeValues,
  elementScale,
  elementZero,
  encodeCode,
  encodeValues,
  type QuantisedFormat,
  type QuantisedTensor,
  rowBytes,
  type RowPlace,
  type RowTarget,
  storeCode,
  tableIndex,
} from "../../kernel/mod.ts";
import type { AppendReply } from "../subject.ts";
import { type FamilyMember, kernelFamily } from "./family.ts";
import { type Mutant, mutateKernel } from "./mutant.ts";
import { changed } from "./problem_changes.ts";

/** One token of one head of a side that has been written, and may be written again. */
interface WrittenRow {
  /** The side after the step, which a fault changes. */
  readonly target: RowTarget;
  /** The side before it. */
  readonly before: QuantisedTensor;
  /** The other side, where it has the same format. */
  readonly other: QuantisedTensor | undefined;
  /** Where the token is. */
  readonly at: RowPlace;
  /** [D] what it holds, before it is quantised. */
  readonly x: Float32Array;
  /** [D] the same of the token's other heads. */
  readonly neighbours: readonly Float32Array[];
}

interface WriteMember extends FamilyMember {
  readonly change: (row: WrittenRow) => void;
}

const SIDES = [
  { format: "keyFormat", tensor: "quantisedKeys", other: "quantisedValues", first: 0 },
  { format: "valueFormat", tensor: "quantisedValues", other: "quantisedKeys", first: 1 },
] as const;

/** What each written row holds on each quantised side; rotated keys are left out. */
function rewrite(
  problem: AppendProblem,
  reply: AppendReply,
  change: WriteMember["change"],
): AppendReply {
  const { shape, packed, rotary } = problem;
  const { queryHeads, kvHeads, headSize, storage } = shape;
  const numbers = decodeValues(storage, packed);
  const written: Record<string, QuantisedTensor> = {};
  for (const side of SIDES) {
    const format = shape[side.format];
    const after = reply[side.tensor];
    if (format === undefined || after === undefined) continue;
    if (side.first === 0 && rotary.style !== "none") continue;
    const tensor = copied(after);
    written[side.tensor] = tensor;
    const headsOf = (token: number): Float32Array[] =>
      Array.from({ length: kvHeads }, (_, head) => {
        const packedHead = queryHeads + side.first * kvHeads + head;
        const from = (token * (queryHeads + 2 * kvHeads) + packedHead) * headSize;
        return Float32Array.from(numbers.subarray(from, from + headSize));
      });
    for (let slot = 0; slot < shape.batch; slot++) {
      const start = problem.queryStarts[slot]!;
      for (let token = start; token < problem.queryStarts[slot + 1]!; token++) {
        const positionTokens = problem.cachedLengths[slot]! + token - start;
        const heads = headsOf(token);
        for (const [head, x] of heads.entries()) {
          const page = problem.table[tableIndex(shape, { slot, head, positionTokens })]!;
          if (page < 0) continue;
          const row = cacheOffset(shape, { page, head, positionTokens }) / headSize;
          change({
            target: { tensor, format, headSize },
            before: problem[side.tensor]!,
            other: shape.keyFormat === shape.valueFormat ? problem[side.other] : undefined,
            at: { row, head },
            x,
            neighbours: heads,
          });
        }
      }
    }
  }
  return { ...reply, ...written };
}

function copied(tensor: QuantisedTensor): QuantisedTensor {
  const { codes, scales } = tensor;
  return {
    ...tensor,
    codes: codes.slice(),
    ...(scales === undefined ? {} : { scales: scales.slice() }),
  };
}

/** Writes a row's codes again, by another rule or by another scale. */
function recode(
  { target, at, x }: Pick<WrittenRow, "target" | "at" | "x">,
  o: {
    readonly encode?: (units: number) => number;
    readonly scaleAt?: (element: number) => number;
    readonly withoutZero?: boolean;
  },
): void {
  const { codes } = target.format;
  const encode = o.encode ?? ((units: number) => encodeCode(codes, units));
  for (let element = 0; element < target.headSize; element++) {
    const scale = o.scaleAt?.(element) ?? Math.fround(elementScale(target, { ...at, element }));
    const zero = o.withoutZero ? 0 : elementZero(target, { ...at, element });
    const units = scale === 0 ? 0 : Math.fround(x[element]! / scale);
    storeCode(target, { row: at.row, element, code: encode(units + zero) });
  }
}

/** Stores the scale of a row by token, apart or inline. */
function storeOwnScale({ target, at }: Pick<WrittenRow, "target" | "at">, scale: number): void {
  const { format, tensor, headSize } = target;
  const bits = (): number =>
    encodeValues(format.scaleType === "f16" ? "f16" : "bf16", new Float64Array([scale]))[0]!;
  if (format.granularity === "token") {
    tensor.scales![at.row] = format.scaleType === "f32" ? scale : bits();
  }
  if (format.granularity !== "inline") return;
  const view = new DataView(tensor.codes.buffer, tensor.codes.byteOffset);
  const place = at.row * rowBytes(format, headSize) + headSize;
  if (format.scaleType === "f32") view.setFloat32(place, scale, true);
  else view.setUint16(place, bits(), true);
}

function largestOf(x: Float32Array): number {
  return x.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

const hasOwn = ({ granularity }: QuantisedFormat): boolean =>
  granularity === "token" || granularity === "inline";
const isOf = (type: CodeType) => ({ target }: WrittenRow): boolean => target.format.codes === type;
const isInt8 = isOf("int8");
const isShared = (row: WrittenRow): boolean => isInt8(row) && !hasOwn(row.target.format);

function when(
  holds: (row: WrittenRow) => boolean,
  change: (row: WrittenRow) => void,
): WriteMember["change"] {
  return (row) => {
    if (holds(row)) change(row);
  };
}

/** Codes by another rule, on the sides that it is about. */
function encoding(
  holds: (row: WrittenRow) => boolean,
  encode: (units: number) => number,
): WriteMember["change"] {
  return when(holds, (row) => recode(row, { encode }));
}

function test(name: string, format: string): string {
  return `kernel:append_codes:${name}:format=${format};*`;
}

const MEMBERS: readonly WriteMember[] = [
  {
    label: "saturation_wrapped",
    fault: "Codes past 127 wrap around",
    killedBy: [test("contents", "int8-channel-f32")],
    change: encoding(isShared, (units) => Math.round(units) & 0xff),
  },
  {
    label: "saturates_at_minus_128",
    fault: "Codes saturate at -128",
    killedBy: [test("contents", "int8-channel-f32")],
    change: encoding(isShared, (units) => Math.max(-128, Math.min(127, Math.round(units))) & 0xff),
  },
  {
    label: "truncated",
    fault: "Codes of int8 are cut towards zero",
    killedBy: [test("format", "int8-token-f32"), test("format", "int8-head-f32")],
    change: encoding(isInt8, (units) => Math.max(-127, Math.min(127, Math.trunc(units))) & 0xff),
  },
  {
    label: "rounded_up",
    fault: "Codes of int8 are rounded to the next larger integer",
    killedBy: [test("format", "int8-tensor-f32")],
    change: encoding(isInt8, (units) => Math.max(-127, Math.min(127, Math.ceil(units))) & 0xff),
  },
  {
    label: "past_largest_is_nan",
    fault: "What lies past the largest number of e4m3 becomes NaN",
    killedBy: [test("contents", "fp8_e4m3-channel-f16")],
    change: encoding(
      isOf("fp8_e4m3"),
      (units) => Math.abs(units) > 464 ? 0x7f : encodeCode("fp8_e4m3", units),
    ),
  },
  {
    label: "past_largest_is_infinite",
    fault: "What lies past the largest number of e5m2 becomes infinite",
    killedBy: [test("contents", "fp8_e5m2-head-f16")],
    change: encoding(
      isOf("fp8_e5m2"),
      (units) =>
        Math.abs(units) > 61440 ? (units < 0 ? 0xfc : 0x7c) : encodeCode("fp8_e5m2", units),
    ),
  },
  {
    label: "stale_token_scale",
    fault: "The scale of the slot's owner before stays beside the new codes",
    killedBy: [test("reuse", "int8-token-f32"), test("format", "int8-token-f32")],
    change: ({ target, before, at }) => {
      const { scales } = target.tensor;
      if (target.format.granularity === "token") scales![at.row] = before.scales![at.row]!;
    },
  },
  {
    label: "codes_by_stale_scale",
    fault: "Codes are computed by the scale of the slot's owner before, which then is replaced",
    killedBy: [test("format", "int8-token-f32")],
    change: when(({ target }) => target.format.granularity === "token", (row) => {
      const old = { ...row.target, tensor: row.before };
      recode(row, { scaleAt: (element) => elementScale(old, { ...row.at, element }) });
    }),
  },
  {
    label: "scale_over_128",
    fault: "The scale of a token is its largest magnitude over 128",
    killedBy: [test("format", "int8-token-f32"), test("format", "int8-inline-f32")],
    change: when(isInt8, (row) => {
      if (!hasOwn(row.target.format)) return;
      storeOwnScale(row, Math.fround(largestOf(row.x) / 128));
      recode(row, {});
    }),
  },
  {
    label: "codes_by_unrounded_scale",
    fault: "Codes are computed by the scale as it was before it was rounded to be stored",
    killedBy: [test("format", "int8-token-bf16")],
    change: when(({ target }) => hasOwn(target.format), (row) => {
      const { largest } = CODE_FORMATS[row.target.format.codes];
      const scale = Math.fround(largestOf(row.x) / largest);
      recode(row, { scaleAt: () => scale });
    }),
  },
  {
    label: "scale_of_zeros_is_one",
    fault: "A token of zeros has a scale of 1",
    killedBy: [test("contents", "int8-token-f16")],
    change: when(({ target }) => hasOwn(target.format), (row) => {
      if (largestOf(row.x) === 0) storeOwnScale(row, 1);
    }),
  },
  {
    label: "one_scale_for_all_heads",
    fault: "The largest magnitude is taken over all heads of a token",
    killedBy: [test("format", "int8-token-f32"), test("format", "fp8_e4m3-inline-f32")],
    change: when(({ target }) => hasOwn(target.format), (row) => {
      const { largest } = CODE_FORMATS[row.target.format.codes];
      const magnitude = Math.max(...row.neighbours.map(largestOf));
      storeOwnScale(row, Math.fround(magnitude / largest));
      recode(row, {});
    }),
  },
  {
    label: "scale_written_to_next_row",
    fault: "A token's scale is written beside the next token too",
    killedBy: [test("format", "int8-token-f32"), test("reuse", "int8-token-f32")],
    change: when(({ target }) => target.format.granularity === "token", ({ target, at }) => {
      const { scales } = target.tensor;
      if (at.row + 1 < scales!.length) scales![at.row + 1] = scales![at.row]!;
    }),
  },
  {
    label: "keys_scale_for_values",
    fault: "Values are quantised by the keys' scales",
    killedBy: [test("format", "int8-head-f32"), test("format", "int8-channel-f32")],
    change: when(isShared, (row) => {
      if (row.other === undefined) return;
      const other = { ...row.target, tensor: row.other };
      recode(row, { scaleAt: (element) => elementScale(other, { ...row.at, element }) });
    }),
  },
  {
    label: "scale_of_first_head",
    fault: "Every head is quantised by the first one's scale",
    killedBy: [test("format", "int8-head-f32")],
    change: when(isShared, (row) =>
      recode(row, {
        scaleAt: (element) => elementScale(row.target, { ...row.at, head: 0, element }),
      })),
  },
  {
    label: "zero_point_forgotten",
    fault: "The zero point is not added before codes are rounded",
    killedBy: [test("format", "int4-channel-f32")],
    change: when(isOf("int4"), (row) => recode(row, { withoutZero: true })),
  },
  ...(["int4", "fp4_e2m1"] as const).map((type): WriteMember => ({
    label: `${type}_nibbles_swapped`,
    fault: `Of two codes of ${type} the first is written high`,
    killedBy: [
      test("format", type === "int4" ? "int4-channel-f32" : "fp4_e2m1-block-fp8_e4m3"),
    ],
    change: when(isOf(type), ({ target, at }) => {
      const bytes = rowBytes(target.format, target.headSize);
      const row = target.tensor.codes.subarray(at.row * bytes, (at.row + 1) * bytes);
      row.set(row.map((byte) => ((byte & 15) << 4) | (byte >> 4)));
    }),
  })),
  {
    label: "tensor_scale_forgotten",
    fault: "Scales of blocks are computed as if nothing stood above them",
    killedBy: [test("format", "fp4_e2m1-block-fp8_e4m3")],
    change: when(isOf("fp4_e2m1"), ({ target, at, x }) => {
      const blocks = target.headSize / 16;
      for (let block = 0; block < blocks; block++) {
        const largest = largestOf(x.subarray(block * 16, block * 16 + 16));
        target.tensor.scales![at.row * blocks + block] = encodeCode("fp8_e4m3", largest / 6);
      }
    }),
  },
];

export const quantisedAppendMutants: readonly Mutant[] = [
  ...kernelFamily(
    { name: "quantises", violates: ["dtype/append-quantises"] },
    MEMBERS,
    ({ change }) => (good) => ({
      append: async (problem) =>
        changed(await good.append(problem), (reply) => rewrite(problem, reply, change)),
    }),
  ),
  mutateKernel({
    name: "quantises_before_rotation",
    fault: "Keys are quantised before they turn",
    violates: ["dtype/append-quantises"],
    killedBy: [test("rotation", "int8-token-f32")],
  }, (good) => ({
    append: async (problem) => {
      const turned = await good.append(problem);
      if (problem.shape.keyFormat === undefined || turned.kind === "refused") return turned;
      const rotary = { ...problem.rotary, style: "none" } as const;
      const plain = await good.append({ ...problem, rotary });
      return changed(plain, (value) => ({ ...value, query: turned.value.query }));
    },
  })),
];
