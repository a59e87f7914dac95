/** Kernels whose answers say how they were computed. */
import { type Arithmetic, type AttentionShape, FLOAT32_ARITHMETIC } from "../kernel/mod.ts";
import type { AttendReply, KernelSubject, Reply } from "./subject.ts";
import { wrapKernel } from "./wrap_kernel.ts";

/**
 * Has a kernel say of every slot of every answer what its author declares.
 *
 * @param declared What differs from float32 throughout; undefined declares nothing.
 */
export function declareArithmetic(
  kernel: KernelSubject,
  declared: Partial<Arithmetic> | undefined,
): KernelSubject {
  if (declared === undefined) return kernel;
  const arithmetic = { ...FLOAT32_ARITHMETIC, ...declared };
  const said = <R extends AttendReply>(
    reply: Reply<R>,
    { batch }: Pick<AttentionShape, "batch">,
  ): Reply<R> =>
    reply.kind === "refused" ? reply : {
      ...reply,
      value: { ...reply.value, arithmetic: new Array<Arithmetic>(batch).fill(arithmetic) },
    };
  return wrapKernel(kernel, {
    attend: async (problem, o) => said(await kernel.attend(problem, o), problem.shape),
    attendSparse: async (problem, o) => said(await kernel.attendSparse!(problem, o), problem.shape),
    append: async (problem) => {
      const reply = await kernel.append(problem);
      return reply.kind === "refused" ? reply : { ...reply, value: { ...reply.value, arithmetic } };
    },
    replay: async (capture, problem) => said(await kernel.replay(capture, problem), problem.shape),
  });
}
