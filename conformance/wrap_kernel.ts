import type { KernelSubject } from "./subject.ts";

/** A kernel some of whose commands are others; what it lacks is not added. */
export function wrapKernel(
  kernel: KernelSubject,
  commands: Partial<KernelSubject>,
): KernelSubject {
  const { attendSparse, ...always } = commands;
  return {
    attend: (problem, o) => kernel.attend(problem, o),
    append: (problem) => kernel.append(problem),
    capture: (problem, o) => kernel.capture(problem, o),
    replay: (capture, problem) => kernel.replay(capture, problem),
    releaseCapture: (capture) => kernel.releaseCapture(capture),
    ...always,
    ...(kernel.attendSparse && {
      attendSparse: attendSparse ?? ((problem, o) => kernel.attendSparse!(problem, o)),
    }),
  };
}
