/** Kernels that mix up the two sides of a quantised cache, its heads, or its holes. */
import { kernelFamily } from "./family.ts";
import { type Mutant, mutateKernel } from "./mutant.ts";
import { answering, asking, leak } from "./problem_changes.ts";
import { isWhole, mutateSides, scalesFrom } from "./quantised_family.ts";

export const quantisedSidesMutants: readonly Mutant[] = [
  ...kernelFamily(
    { name: "keys_scale_for_values", violates: ["dtype/c8"] },
    (["tensor", "head", "channel", "token"] as const).map((granularity) => ({
      granularity,
      label: granularity,
      fault: `Values are multiplied by the keys' scales by ${granularity}`,
      killedBy: [`kernel:c8:format:format=int8-${granularity}-f32;*`],
    })),
    ({ granularity }) =>
      asking((problem) => {
        const { keyFormat, valueFormat } = problem.shape;
        const scales = problem.quantisedKeys?.scales;
        const values = problem.quantisedValues;
        const isSame = valueFormat?.granularity === granularity &&
          keyFormat?.granularity === granularity && keyFormat.scaleType === valueFormat.scaleType;
        return isSame && scales !== undefined && values !== undefined
          ? { ...problem, quantisedValues: { ...values, scales } }
          : problem;
      }),
  ),
  mutateKernel(
    {
      name: "one_type_for_both_sides_codes",
      fault: "Codes of the values are read as the type of the keys",
      violates: ["dtype/c8"],
      killedBy: ["kernel:c8:mixed:formats=fp8_e4m3-head-bf16+fp8_e5m2-token-f16;*"],
    },
    asking((problem) => {
      const { keyFormat, valueFormat } = problem.shape;
      const isMixed = keyFormat?.codes === "fp8_e4m3" && valueFormat?.codes === "fp8_e5m2" &&
        isWhole(problem.quantisedValues);
      if (!isMixed) return problem;
      const shape = { ...problem.shape, valueFormat: { ...valueFormat, codes: keyFormat.codes } };
      return { ...problem, shape };
    }),
  ),
  mutateKernel(
    {
      name: "two_passes_scale_heads_of_their_own_head",
      fault: "A pass over some heads takes the scales of the first heads of the model",
      violates: ["dtype/c8"],
      killedBy: ["kernel:c8:entry:entry=two_passes;format=fp8_e4m3-head-f32"],
    },
    asking((problem, o) => {
      const { keyFormat, valueFormat, kvHeads } = problem.shape;
      if (o.passes !== "two" || keyFormat?.granularity !== "head" || valueFormat === undefined) {
        return problem;
      }
      const isWindow = (head: number): boolean => problem.headWindows[head]! > 0;
      const heads = Array.from({ length: kvHeads }, (_, head) => head);
      const order = heads.map((head) =>
        heads.slice(0, head).filter((other) => isWindow(other) === isWindow(head)).length
      );
      return mutateSides(problem, (tensor) => scalesFrom(tensor, (head) => order[head]!));
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
    ({ walk }) =>
      answering((reply, problem, o) => {
        const { valueFormat, layout } = problem.shape;
        return o.walk === walk && valueFormat?.granularity === "token" && layout !== "uniform"
          ? leak(problem, reply, ({ id, column, pages }) => id === -1 && column < pages)
          : {};
      }),
  ),
];
