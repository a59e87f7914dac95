/** Kernels that mix up the two sides of a quantised cache, its heads, or its holes. */
import { type AttentionProblem, STORAGE_FORMATS } from "../../kernel/mod.ts";
import type { AttendReply } from "../subject.ts";
import { kernelFamily } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { changed } from "./problem_changes.ts";
import { isWhole, mutateSides, scalesFrom } from "./quantised_family.ts";

/** NaN in every head whose row has a hole before its end, where tokens have scales of their own. */
function leakHoles(problem: AttentionProblem, reply: AttendReply): AttendReply {
  const { batch, kvHeads, queryHeads, headSize, columns, pageSizeTokens, storage, layout } =
    problem.shape;
  if (problem.shape.valueFormat?.granularity !== "token" || layout === "uniform") return reply;
  const output = reply.output.slice();
  const group = queryHeads / kvHeads;
  for (let row = 0; row < batch * kvHeads; row++) {
    const slot = Math.floor(row / kvHeads);
    const used = Math.ceil(problem.cachedLengths[slot]! / pageSizeTokens);
    const ids = problem.table.subarray(row * columns, row * columns + used);
    if (!ids.includes(-1)) continue;
    for (let token = problem.queryStarts[slot]!; token < problem.queryStarts[slot + 1]!; token++) {
      const start = (token * queryHeads + (row % kvHeads) * group) * headSize;
      output.fill(STORAGE_FORMATS[storage].quietNan, start, start + group * headSize);
    }
  }
  return { ...reply, output };
}

/** Every kernel that mixes up sides, heads or holes. */
export const quantisedSidesMutants: readonly Mutant[] = [
  ...kernelFamily(
    { name: "keys_scale_for_values", origin: "own", violates: ["dtype/c8"] },
    (["tensor", "head", "channel", "token"] as const).map((granularity) => ({
      granularity,
      label: granularity,
      fault: `Values are multiplied by the keys' scales by ${granularity}`,
      killedBy: [`kernel:c8:format:format=int8-${granularity}-f32;*`],
    })),
    ({ granularity }) => (good) => ({
      attend: (problem, o) => {
        const { keyFormat, valueFormat } = problem.shape;
        const scales = problem.quantisedKeys?.scales;
        const values = problem.quantisedValues;
        const isSame = valueFormat?.granularity === granularity &&
          keyFormat?.granularity === granularity && keyFormat.scaleType === valueFormat.scaleType;
        return good.attend(
          isSame && scales !== undefined && values !== undefined
            ? { ...problem, quantisedValues: { ...values, scales } }
            : problem,
          o,
        );
      },
    }),
  ),
  ...kernelFamily(
    { name: "one_type_for_both_sides", origin: "own", violates: ["dtype/c8"] },
    [{
      label: "codes",
      fault: "Codes of the values are read as the type of the keys",
      killedBy: ["kernel:c8:mixed:formats=fp8_e4m3-head-bf16+fp8_e5m2-token-f16;*"],
    }],
    () => (good) => ({
      attend: (problem, o) => {
        const { keyFormat, valueFormat } = problem.shape;
        const isMixed = keyFormat?.codes === "fp8_e4m3" && valueFormat?.codes === "fp8_e5m2" &&
          isWhole(problem.quantisedValues);
        if (!isMixed) return good.attend(problem, o);
        const shape = { ...problem.shape, valueFormat: { ...valueFormat, codes: keyFormat.codes } };
        return good.attend({ ...problem, shape }, o);
      },
    }),
  ),
  ...kernelFamily(
    { name: "two_passes_scale_heads_of_their_own", origin: "own", violates: ["dtype/c8"] },
    [{
      label: "head",
      fault: "A pass over some heads takes the scales of the first heads of the model",
      killedBy: ["kernel:c8:entry:entry=two_passes;format=fp8_e4m3-head-f32"],
    }],
    () => (good) => ({
      attend: (problem, o) => {
        const { keyFormat, valueFormat, kvHeads } = problem.shape;
        const windows = problem.headWindows;
        if (o.passes !== "two" || keyFormat?.granularity !== "head" || valueFormat === undefined) {
          return good.attend(problem, o);
        }
        const place = (head: number): number =>
          Array.from({ length: head }, (_, other) => windows[other]! > 0).filter((isWindow) =>
            isWindow === windows[head]! > 0
          ).length;
        const order = Array.from({ length: kvHeads }, (_, head) => place(head));
        return good.attend(
          mutateSides(problem, (tensor) => scalesFrom(tensor, (head) => order[head]!)),
          o,
        );
      },
    }),
  ),
  ...kernelFamily(
    { name: "scale_of_hole_read", origin: "field", violates: ["dtype/c8", "sentinel/no-read"] },
    (["row", "visible"] as const).map((walk) => ({
      walk,
      label: walk,
      fault:
        `Walking ${walk} columns, a hole's scale is read at page 0 and multiplied by a weight of 0`,
      killedBy: [`kernel:c8:holes:format=int8-token-f32;walk=${walk};*`],
    })),
    ({ walk }) => (good) => ({
      attend: async (problem, o) =>
        changed(
          await good.attend(problem, o),
          (reply) => o.walk === walk ? leakHoles(problem, reply) : reply,
        ),
    }),
  ),
];
