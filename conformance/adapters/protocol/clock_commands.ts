/** Commands of a clock: one for each method of `StepTimer`. */
import { z } from "zod";
import type { StepTimer } from "../../../kernel/mod.ts";
import { adapterError } from "../adapter_fault.ts";
import { dataOf, expectTensor, flatTensor, int32Arrays, int32Tensors } from "../tensor_fields.ts";
import type { Tensors } from "../safetensors.ts";
import { partCommand } from "./command.ts";
import { arithmetic, readArithmetic } from "./declared_arithmetic.ts";
import { count, fileName, number, shape } from "./values.ts";

const clock = <Name extends keyof StepTimer>(_: Name) => partCommand<StepTimer[Name]>("clock");
const words = z.string().min(1).max(200);
const figure = z.number().positive().nullable().default(null);

/** Arrays of steps that are always sent. */
const STEP_ARRAYS = [
  "queryLengths",
  "cachedLengths",
  "groups",
  "changes",
  "changeStarts",
  "samples",
] as const;

export const CLOCK_COMMANDS = {
  open: clock("open")({
    about: "Makes caches of formula contents and a kernel ready; what will run, and where",
    request: {
      shape,
      form: z.string(),
      layerGroups: number,
      sinkTokens: number,
      scoreScale: number.nullable(),
      learnedSinks: z.boolean(),
      layers: number,
      maxBatchTokens: number,
      seed: number,
      tensors: fileName,
    },
    requestTensors: { headWindows: "I32 [Lg, H] W of each head; 0 is full context" },
    result: z.strictObject({
      cache: count,
      kernel: words,
      card: words,
      driver: words.nullable().default(null),
      versions: z.record(z.string().max(64), z.string().max(200)).default({}),
      isSoftware: z.boolean(),
      isCaptured: z.boolean().default(false),
      arithmetic: arithmetic.default({}),
      memoryBytesPerSecond: figure,
      flopsPerSecond: figure,
    }),
    pack: ({ headWindows, ...fields }) => ({
      fields,
      tensors: int32Tensors({ headWindows }),
    }),
    unpack: ({ tensors: _, ...fields }, tensors) => [
      { ...fields, ...int32Arrays(tensors, ["headWindows"]) } as Parameters<StepTimer["open"]>[0],
    ],
    unpackResult: (value) => ({ ...value, arithmetic: readArithmetic(value.arithmetic) }),
  }),
  steps: clock("steps")({
    about: "Runs steps and times each, beside earlier ones' outputs; `busyMs`, and tensors",
    request: { cache: number, firstStep: number, tensors: fileName },
    requestTensors: {
      queryLengths: "I32 [S, B] new tokens of each slot; 0 is idle",
      cachedLengths: "I32 [S, B] tokens of each slot before the step",
      groups: "I32 [S] layer group whose rows are used",
      table: "I32, the whole table before the first step; absent where only changes are sent",
      changes: "I32 [n, 2] changed entries: index into the whole table, and id",
      changeStarts: "I32 [S + 1] first change of each step, and their number",
      samples:
        "I32 [k, 3] outputs of earlier steps to give back: number of the step, its token, KV head",
    },
    result: z.strictObject({ busyMs: z.number().min(0), tensors: fileName }),
    resultTensors: {
      milliseconds: "F64 [S] of one layer, by the device's own timers",
      digests: "U32 [Σ T, H, 2] of every output row of these steps",
      outputs: "storage type [k, G, D] of what was asked for",
    },
    pack: ({ cache, firstStep, ...arrays }) => ({
      fields: { cache, firstStep },
      tensors: int32Tensors({ ...arrays }),
    }),
    unpack: ({ cache, firstStep }, tensors) => [{
      cache: Number(cache),
      firstStep: Number(firstStep),
      table: null,
      ...int32Arrays(tensors, STEP_ARRAYS),
      ...(tensors.has("table") && int32Arrays(tensors, ["table"])),
    }],
    packResult: ({ busyMs, milliseconds, digests, outputs }) => ({
      fields: { busyMs },
      tensors: new Map([
        ["milliseconds", flatTensor("F64", milliseconds)],
        ["digests", flatTensor("U32", digests)],
        ["outputs", flatTensor("U16", outputs)],
      ]),
    }),
    unpackResult: ({ busyMs }, tensors, [{ groups }]) => ({
      busyMs,
      milliseconds: expectTensor(tensors, {
        name: "milliseconds",
        dtype: "F64",
        elements: groups.length,
      }),
      digests: expectTensor(tensors, { name: "digests", dtype: "U32", elements: null }),
      outputs: sixteenBits(tensors, "outputs"),
    }),
  }),
  close: clock("close")({
    about: "Gives back a cache; null",
    answers: "value",
    request: { cache: number },
    result: z.null(),
    pack: (cache) => ({ fields: { cache } }),
    unpack: ({ cache }) => [Number(cache)],
    packResult: () => ({ fields: null }),
    unpackResult: () => {},
  }),
};

/** Bits of a storage type; a server that does not know the type sends U16. */
function sixteenBits(tensors: Tensors, name: string): Uint16Array {
  const data = dataOf(tensors, name);
  if (data instanceof Uint16Array) return data;
  const { dtype } = tensors.get(name)!;
  throw adapterError(`Tensor "${name}" of the answer is ${dtype}; it must be BF16, F16 or U16`);
}
