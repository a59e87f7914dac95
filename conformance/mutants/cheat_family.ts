/** Kernels that look fast or right without doing the work. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import type { AttendOptions, AttendReply, KernelSubject, Reply } from "../subject.ts";
import { type FamilyMember, kernelFamily } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { changed } from "./problem_changes.ts";

interface Cheat extends FamilyMember {
  readonly change: (good: KernelSubject) => KernelSubject["attend"];
}

type Answer = { readonly key: string; readonly value: AttendReply };

/** What a cache of answers goes by. */
const shapeKey = ({ shape, queryStarts }: AttentionProblem): string =>
  JSON.stringify([shape, [...queryStarts]]);

/** The answer of an earlier call in place of this one's, where there is one that fits. */
function remembering(
  keyOf: (problem: AttentionProblem) => string,
  o: { readonly keepsFirst: boolean },
): Cheat["change"] {
  return (good) => {
    let known: Answer | null = null;
    return async (problem, options): Promise<Reply<AttendReply>> => {
      const key = keyOf(problem);
      if (known?.key === key) {
        const { value } = known;
        if (!o.keepsFirst) known = null;
        return { kind: "ok", value };
      }
      const reply = await good.attend(problem, options);
      if (reply.kind === "ok") known = { key, value: reply.value };
      return reply;
    };
  };
}

const filling = (bits: number): Cheat["change"] => (good) => async (problem, o) =>
  changed(await good.attend(problem, o), (reply) => ({
    ...reply,
    output: reply.output.slice().fill(bits),
  }));

/** A given output that is left as it is once the inputs were seen. */
function skippingRepeats(good: KernelSubject): KernelSubject["attend"] {
  let last: Int32Array | null = null;
  return async (problem: AttentionProblem, o: AttendOptions) => {
    const repeats = o.into !== undefined && last === problem.table;
    last = problem.table;
    return changed(
      await good.attend(problem, o),
      (reply) => repeats ? { ...reply, output: o.into!.slice() } : reply,
    );
  };
}

/** Right for the first calls, as a benchmark makes them before it looks at its clock. */
function rightWhileWarm(good: KernelSubject): KernelSubject["attend"] {
  let calls = 0;
  return async (problem, o) => {
    const isWarm = ++calls > 2;
    return changed(
      await good.attend(problem, o),
      (reply) => isWarm ? { ...reply, output: reply.output.slice().fill(0) } : reply,
    );
  };
}

const CHEATS: readonly Cheat[] = [
  {
    label: "zeros",
    fault: "Every output is zero",
    killedBy: ["kernel:softmax:repeated"],
    change: filling(0),
  },
  {
    label: "nan",
    fault: "Every output is NaN, which equals nothing and exceeds nothing",
    killedBy: ["kernel:softmax:repeated", "kernel:softmax:deterministic"],
    change: filling(0x7fc0),
  },
  {
    label: "first_output_of_a_shape",
    fault: "The first answer of a shape is given again for every other input of it",
    violates: ["mask/window"],
    killedBy: ["kernel:mask:window"],
    change: remembering(shapeKey, { keepsFirst: true }),
  },
  {
    label: "output_of_another_input",
    fault: "Every second call of a shape gets what the call before it got",
    violates: ["mask/window"],
    killedBy: ["kernel:mask:window"],
    change: remembering(shapeKey, { keepsFirst: false }),
  },
  {
    label: "skips_repeated_inputs",
    fault: "Once inputs repeat nothing is written into the given output",
    killedBy: ["kernel:softmax:repeated"],
    change: skippingRepeats,
  },
  {
    label: "right_while_warming_up",
    fault: "The first two calls are right, as warm-ups are, and the later ones are not run",
    killedBy: ["kernel:softmax:repeated"],
    change: rightWhileWarm,
  },
];

export const cheatMutants: readonly Mutant[] = kernelFamily(
  { name: "cheat", violates: ["numerics/c16"] },
  CHEATS,
  ({ change }) => (good) => ({ attend: change(good) }),
);
