// deno-lint-ignore-file camelcase -- names of code types are those of the field
/** Tests of codes and scales that are no number where a query sees them: they count, as NaN does. */
import {
  type AttentionProblem,
  cacheOffset,
  type QuantisedTensor,
  tableIndex,
} from "../../kernel/mod.ts";
import type { TestDefinition } from "../test_definition.ts";
import { defineAttendTest } from "./attend_case.ts";
import { attend, attendJudged, judgeReply, STORAGES } from "./kernel_case.ts";

/** Decode rows, whose every query sees its own keys alone. */
const DECODE = "1+47_1+64_1+15";

/** Codes that are no finite number, by type. */
const NO_NUMBERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  fp8_e4m3: { nan: 0x7f, negative_nan: 0xff },
  fp8_e5m2: { nan: 0x7e, negative_nan: 0xfd, infinity: 0x7c, negative_infinity: 0xfc },
};

/** The element whose code is changed, of token 2 of slot 0's last head. */
const ELEMENT = 5;

function changedRow(problem: AttentionProblem): number {
  const { shape } = problem;
  const key = { slot: 0, head: shape.kvHeads - 1, positionTokens: 2 };
  const page = problem.table[tableIndex(shape, key)]!;
  return cacheOffset(shape, { ...key, page }) / shape.headSize;
}

/** A tensor in which one code of a row is another one. */
function withCode(
  problem: AttentionProblem,
  tensor: QuantisedTensor,
  code: number,
): QuantisedTensor {
  const codes = tensor.codes.slice();
  codes[changedRow(problem) * problem.shape.headSize + ELEMENT] = code;
  return { ...tensor, codes };
}

/** Bits of a scale that is no number. */
function withNanScale(problem: AttentionProblem, tensor: QuantisedTensor): QuantisedTensor {
  const scales = tensor.scales!.slice();
  const { headSize, valueFormat } = problem.shape;
  const row = changedRow(problem);
  if (scales instanceof Float32Array) scales[row] = NaN;
  else if (scales instanceof Uint16Array) {
    scales[row] = valueFormat!.scaleType === "f16" ? 0x7e00 : 0x7fc0;
  } else scales[row * headSize / 16] = 0x7f;
  return { ...tensor, scales };
}

function visibleScale(path: "c8" | "c4", formats: readonly string[]): TestDefinition {
  return defineAttendTest({
    id: `kernel:${path}:visible_nan_scale`,
    clauses: [`dtype/${path}`],
    description: "A visible scale that is no number is the answer of what it multiplies",
    cases: formats.map((format) => ({ format })),
    spec: { rows: DECODE, window: 0 },
    run: (kernel, problem) => {
      const quantisedValues = withNanScale(problem, problem.quantisedValues!);
      return attendJudged(kernel, { ...problem, quantisedValues });
    },
  });
}

export const quantisedNanTests: readonly TestDefinition[] = [
  defineAttendTest({
    id: "kernel:c8:visible_nan",
    clauses: ["dtype/c8"],
    description:
      "A visible code that is no number is the answer: of its element in a value, of every " +
      "element in a key",
    cases: Object.entries(NO_NUMBERS).flatMap(([type, codes]) =>
      Object.keys(codes).flatMap((code, index) =>
        (["keys", "values"] as const)
          // An infinite score has no weights to speak of.
          .filter((side) => side === "values" || !code.includes("infinity"))
          .map((side) => ({
            code,
            format: `${type}-${index % 2 === 0 ? "head-f32" : "token-f16"}`,
            side,
            storage: STORAGES[index % 2]!,
          }))
      )
    ),
    spec: { rows: DECODE, window: 0 },
    run: async (kernel, problem, { code, side }) => {
      const number = NO_NUMBERS[problem.shape.keyFormat!.codes]![code]!;
      if (side === "values") {
        const quantisedValues = withCode(problem, problem.quantisedValues!, number);
        return attendJudged(kernel, { ...problem, quantisedValues });
      }
      const quantisedKeys = withCode(problem, problem.quantisedKeys!, number);
      const faulty = { ...problem, quantisedKeys };
      // Shading languages need not carry NaN through a maximum: the log-sum-exp may be infinite as well.
      return judgeReply(faulty, { ...await attend(kernel, faulty), logSumExp: null });
    },
  }),
  visibleScale("c8", ["int8-token-f32", "int8-token-bf16", "fp8_e4m3-token-f16"]),
  visibleScale("c4", ["fp4_e2m1-block-fp8_e4m3"]),
];
