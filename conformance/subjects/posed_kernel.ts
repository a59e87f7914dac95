/** A good kernel that marks holes as engines do, and declares it: out of one whose holes are −1. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import { withNullPage, withoutNullPage } from "../null_page.ts";
import type { AppendReply, KernelSubject, Reply } from "../subject.ts";
import { deadColumns, type TablePolicies } from "../table_policies.ts";
import { wrapKernel } from "../wrap_kernel.ts";

/**
 * Has a kernel read tables of other policies.
 *
 * @param good A kernel whose holes are −1, in dead columns too.
 */
export function createPosedKernel(good: KernelSubject, policies: TablePolicies): KernelSubject {
  const hasNullPage = policies.nullId === 0;
  const read = (problem: AttentionProblem): AttentionProblem => {
    const known = hasNullPage ? withoutNullPage(problem) : problem;
    return policies.deadColumns === "stale" ? forgetDeadColumns(known) : known;
  };
  return wrapKernel(good, {
    attend: (problem, o) => good.attend(read(problem), o),
    attendSparse: (problem, { pageIds }) =>
      good.attendSparse!(
        { ...read(problem), keys: problem.keys, values: problem.values },
        { pageIds: hasNullPage ? pageIds.map((id) => id - 1) : pageIds },
      ),
    append: async (problem): Promise<Reply<AppendReply>> => {
      if (!hasNullPage) return await good.append(problem);
      const asked = withoutNullPage(problem);
      const reply = await good.append(asked);
      if (reply.kind === "refused") return reply;
      const after = withNullPage({ ...reply.value, shape: asked.shape, table: asked.table });
      const { shape: _, table: __, ...value } = after;
      return { kind: "ok", value };
    },
    capture: (problem, { table }) =>
      good.capture(read(problem), {
        table: table === null || !hasNullPage ? table : table.map((id) => id - 1),
      }),
    replay: (capture, problem) => good.replay(capture, read(problem)),
  });
}

/** Holes in dead columns, whatever stands there. */
function forgetDeadColumns(problem: AttentionProblem): AttentionProblem {
  if (!(problem.table instanceof Int32Array)) return problem;
  const table = problem.table.slice();
  for (const index of deadColumns({ ...problem, table: table.map(() => -1) })) table[index] = -1;
  return { ...problem, table };
}
