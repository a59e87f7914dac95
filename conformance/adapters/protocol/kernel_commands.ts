/** Commands of a kernel: one for each method of `KernelSubject`. */
import { z } from "zod";
import type { AppendProblem, AttentionProblem, AttentionShape } from "../../../kernel/mod.ts";
import type { AppendReply, AttendReply, KernelSubject } from "../../subject.ts";
import {
  packAppended,
  QUANTISED_TENSORS,
  type Side,
  SIDE_FIELDS,
  unpackAppended,
} from "../quantised_tensors.ts";
import type { Tensor, Tensors } from "../safetensors.ts";
import {
  appendFrom,
  appendTensors,
  dataOf,
  expectTensor,
  flatTensor,
  problemFields,
  problemFrom,
  problemTensors,
  storageType,
  stridesOf,
} from "../tensor_fields.ts";
import { partCommand } from "./command.ts";
import {
  count,
  fileName,
  integer,
  number,
  problem,
  rotary,
  scaleStrides,
  shape,
} from "./values.ts";

const CACHE_TENSORS = {
  keys: "storage type [N, H, P, D]; [N·H, P, D] for the pooled layout; codes if quantised",
  values: "like keys",
  ...QUANTISED_TENSORS,
  table: "I32 [B·H, M] ids; [B, M] for the uniform layout",
  queryStarts: "I32 [B + 1] first query token of each slot, and their number",
  cachedLengths: "I32 [B] tokens of each slot before this step",
};

const PROBLEM_TENSORS = {
  query: "storage type [T, Hq, D]",
  ...CACHE_TENSORS,
  headWindows: "I32 [H] W of each head; 0 is full context",
  maskRanges: "I32 [T, 2], if there are any",
  treeMask: "U8 [B, Q, Q], 1 hides, if there is one",
  sinkLogits: "F32 [Hq], if there are any",
};

const ATTENDED_TENSORS = {
  output: "storage type [T, Hq, D], or as long as `into`",
  logSumExp: "F32 [T, Hq], if the kernel returns it",
};

const kernel = <Name extends keyof KernelSubject>(_: Name) =>
  partCommand<NonNullable<KernelSubject[Name]>>("kernel");

export const KERNEL_COMMANDS = {
  attend: kernel("attend")({
    about: "Computes attention; tensors",
    request: {
      problem,
      walk: z.enum(["row", "visible"]),
      splitTokens: number,
      passes: z.enum(["one", "two"]),
      tensors: fileName,
    },
    requestTensors: { ...PROBLEM_TENSORS, into: "storage type, an output to write into, if any" },
    result: z.strictObject({ tensors: fileName }),
    resultTensors: ATTENDED_TENSORS,
    pack: (given, { walk, splitTokens, passes, into }) => ({
      fields: { problem: problemFields(given), walk, splitTokens, passes },
      tensors: problemTensors(given, { into }),
    }),
    unpack: (fields, tensors) => {
      const into = tensors.get("into")?.data as Uint16Array | undefined;
      const { walk, passes } = fields;
      const o = { walk, passes, splitTokens: Number(fields.splitTokens) };
      return [problemFrom(fields.problem, tensors), into === undefined ? o : { ...o, into }];
    },
    packResult: (reply, fields) => ({
      fields: {},
      tensors: attendedTensors(reply, fields.problem.shape.storage),
    }),
    unpackResult: (_, tensors, [given, { into }]) =>
      attendedFrom(tensors, given, into?.length ?? given.query.length),
  }),
  attendSparse: kernel("attendSparse")({
    about: "Computes attention over the named pages of a pool of any size; tensors",
    request: { problem, tensors: fileName },
    requestTensors: {
      ...PROBLEM_TENSORS,
      pageIds: "I32, which pages of the pool keys and values hold, in their order",
    },
    result: z.strictObject({ tensors: fileName }),
    resultTensors: ATTENDED_TENSORS,
    pack: (given, { pageIds }) => ({
      fields: { problem: problemFields(given) },
      tensors: new Map([...problemTensors(given), ["pageIds", flatTensor("I32", pageIds)]]),
    }),
    unpack: (fields, tensors) => [
      problemFrom(fields.problem, tensors),
      { pageIds: dataOf<Int32Array>(tensors, "pageIds") },
    ],
    packResult: (reply, fields) => ({
      fields: {},
      tensors: attendedTensors(reply, fields.problem.shape.storage),
    }),
    unpackResult: (_, tensors, [given]) => attendedFrom(tensors, given, given.query.length),
  }),
  append: kernel("append")({
    about: "Rotates, and writes through the table; `droppedWrites`, and tensors",
    request: { shape, rotary, scaleStrides: scaleStrides.optional(), tensors: fileName },
    requestTensors: { ...CACHE_TENSORS, packed: "storage type [T, Hq + 2·H, D]: Q, K and V" },
    result: z.strictObject({ droppedWrites: count, tensors: fileName }),
    resultTensors: {
      query: "storage type [T, Hq, D], rotated",
      keys: "the keys after the step",
      values: "the values after the step",
      keyScales: "their scales, if tokens or blocks have their own apart from the codes",
      valueScales: "like keyScales",
    },
    pack: (given) => ({
      fields: { shape: given.shape, rotary: given.rotary, scaleStrides: stridesOf(given) },
      tensors: appendTensors(given),
    }),
    unpack: (fields, tensors) => [appendFrom(fields, tensors)],
    packResult: (reply, fields) => {
      const sizes = fields.shape as AttentionShape;
      return {
        fields: { droppedWrites: reply.droppedWrites },
        tensors: new Map([
          ["query", storedTensor(sizes.storage, reply.query)],
          ...appendedSide(reply, { side: "keys", shape: sizes }),
          ...appendedSide(reply, { side: "values", shape: sizes }),
        ]),
      };
    },
    unpackResult: ({ droppedWrites }, tensors, [given]) => {
      const { queryHeads, kvHeads, headSize, storage } = given.shape;
      const tokens = given.packed.length / ((queryHeads + 2 * kvHeads) * headSize);
      const elements = tokens * queryHeads * headSize;
      return {
        query: expectTensor(tensors, { name: "query", dtype: storageType(storage), elements }),
        ...appendedFrom(tensors, given, "keys"),
        ...appendedFrom(tensors, given, "values"),
        droppedWrites,
      };
    },
  }),
  capture: kernel("capture")({
    about: "Records a step of the problem's shapes; its number",
    request: { problem, tensors: fileName },
    requestTensors: {
      ...PROBLEM_TENSORS,
      captureTable: "I32, the table that the step is recorded with; absent for none",
    },
    result: integer,
    pack: (given, { table }) => ({
      fields: { problem: problemFields(given) },
      tensors: problemTensors(given, { captureTable: table }),
    }),
    unpack: (fields, tensors) => {
      const table = (tensors.get("captureTable")?.data ?? null) as Int32Array | null;
      return [problemFrom(fields.problem, tensors), { table }];
    },
  }),
  replay: kernel("replay")({
    about: "Replays a recorded step over new contents; `readbacks`, `objectsMade`, and tensors",
    request: { capture: number, problem, tensors: fileName },
    requestTensors: PROBLEM_TENSORS,
    result: z.strictObject({ readbacks: count, objectsMade: count, tensors: fileName }),
    resultTensors: ATTENDED_TENSORS,
    pack: (capture, given) => ({
      fields: { capture, problem: problemFields(given) },
      tensors: problemTensors(given),
    }),
    unpack: (fields, tensors) => [Number(fields.capture), problemFrom(fields.problem, tensors)],
    packResult: ({ readbacks, objectsMade, ...reply }, fields) => ({
      fields: { readbacks, objectsMade },
      tensors: attendedTensors(reply, fields.problem.shape.storage),
    }),
    unpackResult: ({ readbacks, objectsMade }, tensors, [, given]) => ({
      ...attendedFrom(tensors, given, given.query.length),
      readbacks,
      objectsMade,
    }),
  }),
  releaseCapture: kernel("releaseCapture")({
    about: "Forgets a recorded step; null",
    answers: "value",
    request: { capture: number },
    result: z.null(),
    pack: (capture) => ({ fields: { capture } }),
    unpack: ({ capture }) => [Number(capture)],
    packResult: () => ({ fields: null }),
    unpackResult: () => {},
  }),
};

function appendedSide(
  reply: AppendReply,
  { side, shape }: { readonly side: Side; readonly shape: AttentionShape },
): Tensors {
  const { format: formatField, tensor: field } = SIDE_FIELDS[side];
  const format = shape[formatField];
  const tensor = reply[field];
  return format === undefined || tensor === undefined
    ? new Map([[side, storedTensor(shape.storage, reply[side])]])
    : packAppended(tensor, { side, format, shape });
}

function appendedFrom(
  tensors: Tensors,
  given: AppendProblem,
  side: Side,
): Pick<AppendReply, "keys" | "values" | "quantisedKeys" | "quantisedValues"> {
  const { shape } = given;
  const { format: formatField, tensor: field } = SIDE_FIELDS[side];
  const format = shape[formatField];
  const before = given[field];
  if (format === undefined || before === undefined) {
    const dtype = storageType(shape.storage);
    const elements = given[side].length;
    return { [side]: expectTensor(tensors, { name: side, dtype, elements }) } as Pick<
      AppendReply,
      "keys" | "values"
    >;
  }
  const after = unpackAppended(tensors, before, { side, format, shape });
  return { [side]: given[side], [field]: after } as ReturnType<typeof appendedFrom>;
}

function storedTensor(storage: string, data: Tensor["data"]): Tensor {
  return flatTensor(storageType(storage) ?? "U16", data);
}

function attendedTensors(reply: AttendReply, storage: string): Tensors {
  const tensors = new Map([["output", storedTensor(storage, reply.output)]]);
  if (reply.logSumExp !== null) tensors.set("logSumExp", flatTensor("F32", reply.logSumExp));
  return tensors;
}

function attendedFrom(tensors: Tensors, given: AttentionProblem, elements: number): AttendReply {
  const { storage, headSize } = given.shape;
  const dtype = storageType(storage);
  const rows = given.query.length / headSize;
  return {
    output: expectTensor(tensors, { name: "output", dtype, elements }),
    logSumExp: tensors.has("logSumExp")
      ? expectTensor(tensors, { name: "logSumExp", dtype: "F32", elements: rows })
      : null,
  };
}
