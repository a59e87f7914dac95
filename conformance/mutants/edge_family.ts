/** Kernels that are right for ordinary numbers, and wrong at the ends of the ranges. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import { type FamilyMember, kernelFamily } from "./family.ts";
import type { KernelFault, Mutant } from "./mutant.ts";
import { answering, asking, taking } from "./problem_changes.ts";

interface EdgeMember extends FamilyMember {
  readonly change: KernelFault;
}

/** Bits above these are no numbers. */
const INFINITY_BITS = { bf16: 0x7f80, f16: 0x7c00 } as const;

const isNan = ({ shape }: AttentionProblem, bits: number): boolean =>
  (bits & 0x7fff) > INFINITY_BITS[shape.storage];

/** The values with zeros for what is not a number. */
function withoutNan(problem: AttentionProblem): AttentionProblem {
  return { ...problem, values: problem.values.map((bits) => isNan(problem, bits) ? 0 : bits) };
}

const MEMBERS: readonly EdgeMember[] = [
  {
    label: "nan_is_zero",
    violates: ["mask/full"],
    fault: "What is not a number in a visible value is taken for 0",
    killedBy: ["kernel:edge:visible_nan"],
    change: asking(withoutNan),
  },
  {
    label: "window_by_zero_weights",
    violates: ["mask/window"],
    fault: "Keys before the window are multiplied by a weight of 0, which leaves NaN of them",
    killedBy: ["kernel:edge:unseen_nan"],
    change: (good) => ({
      attend: async (problem, o) => {
        const everything = { ...problem, headWindows: problem.headWindows.map(() => 0) };
        const all = await good.attend(everything, o);
        const reply = await good.attend(problem, o);
        if (all.kind === "refused" || reply.kind === "refused") return reply;
        const output = reply.value.output.map((bits, i) =>
          isNan(problem, all.value.output[i] ?? 0) ? all.value.output[i] ?? bits : bits
        );
        return { kind: "ok", value: { ...reply.value, output } };
      },
    }),
  },
  {
    label: "absent_sink_is_0",
    violates: ["softmax/learned-sink"],
    fault: "A learned sink of -Infinity is taken for 0",
    killedBy: ["kernel:softmax:absent_sink"],
    change: asking((problem) => {
      const sinkLogits = problem.sinkLogits?.map((logit) => logit === -Infinity ? 0 : logit);
      return sinkLogits === undefined ? problem : { ...problem, sinkLogits };
    }),
  },
  {
    label: "tree_of_8_rows",
    violates: ["mask/tree"],
    fault: "A tree has eight rows, which later tokens use again",
    killedBy: ["kernel:mask:tree"],
    change: asking((problem) => {
      const { treeMask } = problem;
      if (treeMask === undefined) return problem;
      const { maxQueryTokens: width, bits } = treeMask;
      const again = bits.map((_, index) => {
        const row = Math.floor(index / width) % width;
        return bits[index - (row - row % 8) * width] ?? 0;
      });
      return { ...problem, treeMask: { ...treeMask, bits: again } };
    }),
  },
  {
    label: "large_sums_overflow",
    violates: ["numerics/c16"],
    fault: "Outputs beyond half of what their type holds are infinite",
    killedBy: ["kernel:edge:large_values:split=0;storage=f16"],
    change: answering((reply, problem) => ({
      output: reply.output.map((bits) =>
        problem.shape.storage === "f16" && !isNan(problem, bits) && (bits & 0x7fff) >= 0x7800
          ? (bits & 0x8000) | INFINITY_BITS.f16
          : bits
      ),
    })),
  },
  {
    label: "takes_scale_1e300",
    violates: ["softmax/scale"],
    fault: "A scale that is infinite in float32 is computed with",
    killedBy: ["kernel:refusal:value:fault=scale_1e300"],
    change: taking(({ scale }) => scale === 1e300),
  },
  {
    label: "takes_sink_nan",
    violates: ["softmax/learned-sink"],
    fault: "A sink logit that is not a number is computed with",
    killedBy: ["kernel:refusal:value:fault=sink_nan"],
    change: taking(({ sinkLogits }) => sinkLogits?.some(Number.isNaN) === true),
  },
];

export const edgeMutants: readonly Mutant[] = kernelFamily(
  { name: "edge" },
  MEMBERS,
  ({ change }) => change,
);
