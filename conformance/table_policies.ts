/**
 * Problems in the terms of a kernel that marks holes otherwise: with a null page 0 that stands for them,
 * or with ids that stay in dead columns, which no one may read.
 */
import { type AttentionProblem, keyIsVisible, pageIdLimit } from "../kernel/mod.ts";
import { nullPageOf, withNullPage, withoutNullPage } from "./null_page.ts";
import { Mismatch } from "./outcome.ts";
import type { Policies } from "./policies.ts";
import type { KernelSubject } from "./subject.ts";
import { wrapKernel } from "./wrap_kernel.ts";

/** Policies that say what stands in a table. */
export type TablePolicies = Pick<Policies, "nullId" | "deadColumns">;

/**
 * Poses problems as a kernel's policies ask for, and takes its answers back.
 *
 * @returns A kernel that takes problems whose holes are −1, in dead columns too.
 */
export function poseTables(kernel: KernelSubject, policies: TablePolicies): KernelSubject {
  if (policies.nullId === -1 && policies.deadColumns === "cleared") return kernel;
  const hasNullPage = policies.nullId === 0;
  const posed = (problem: AttentionProblem): AttentionProblem => {
    const kept = policies.deadColumns === "stale" ? keepDeadColumns(problem) : problem;
    return hasNullPage ? withNullPage(kept) : kept;
  };
  return wrapKernel(kernel, {
    attend: (problem, o) => kernel.attend(posed(problem), o),
    attendSparse: (problem, { pageIds }) =>
      // Pages that no row names are not there, and neither is the null page.
      kernel.attendSparse!(
        { ...posed(problem), keys: problem.keys, values: problem.values },
        { pageIds: hasNullPage ? pageIds.map((id) => id + 1) : pageIds },
      ),
    append: async (problem) => {
      if (!hasNullPage) return await kernel.append(problem);
      const asked = withNullPage(problem);
      const reply = await kernel.append(asked);
      if (reply.kind === "refused") return reply;
      const answer = { ...reply.value, shape: asked.shape };
      const before = nullPageOf(asked);
      const at = nullPageOf(answer).findIndex((byte, index) => byte !== before[index]);
      if (at >= 0) throw new Mismatch(`The null page was written: byte ${at} of page 0`, null);
      const { shape: _, ...value } = withoutNullPage(answer);
      return { kind: "ok", value };
    },
    capture: (problem, { table }) =>
      kernel.capture(posed(problem), {
        table: table === null || !hasNullPage ? table : withNullPage({ ...problem, table }).table,
      }),
    replay: (capture, problem) => kernel.replay(capture, posed(problem)),
  });
}

/**
 * Gives dead columns an id, as engines do that free a page and leave the column as it is: a page that
 * no row names where there is one, which is poisoned in most problems, or else one of another row.
 */
function keepDeadColumns(problem: AttentionProblem): AttentionProblem {
  if (!(problem.table instanceof Int32Array)) return problem;
  const dead = deadColumns(problem);
  if (dead.length === 0) return problem;
  const stale = staleId(problem);
  const table = problem.table.slice();
  for (const index of dead) table[index] = stale;
  return { ...problem, table };
}

function staleId({ shape, table }: AttentionProblem): number {
  const named = new Set(table);
  const limit = pageIdLimit(shape);
  for (let id = limit - 1; id >= 0; id--) if (!named.has(id)) return id;
  // All of them are named.
  return 0;
}

/**
 * Finds the holes that recycling leaves: of columns within a request's length that no query of this
 * step sees or of a later one will, over all heads that share the row.
 */
export function deadColumns(problem: AttentionProblem): number[] {
  const { layout, batch, kvHeads, columns, pageSizeTokens } = problem.shape;
  const heads = Array.from({ length: kvHeads }, (_, head) => head);
  const dead: number[] = [];
  for (let slot = 0; slot < batch; slot++) {
    for (const shared of layout === "uniform" ? [heads] : heads.map((head) => [head])) {
      const row = layout === "uniform" ? slot : slot * kvHeads + (shared[0] ?? 0);
      const tokens = lengthOf(problem, slot);
      for (
        let column = 0;
        column * pageSizeTokens < Math.min(tokens, columns * pageSizeTokens);
        column++
      ) {
        const index = row * columns + column;
        if (problem.table[index] !== -1) continue;
        if (shared.every((head) => isDead(problem, { slot, head, column }))) dead.push(index);
      }
    }
  }
  return dead;
}

function lengthOf({ cachedLengths, queryStarts }: AttentionProblem, slot: number): number {
  const query = (queryStarts[slot + 1] ?? 0) - (queryStarts[slot] ?? 0);
  return (cachedLengths[slot] ?? 0) + query;
}

function isDead(
  problem: AttentionProblem,
  at: { readonly slot: number; readonly head: number; readonly column: number },
): boolean {
  const { pageSizeTokens } = problem.shape;
  const { slot, head, column } = at;
  const window = problem.headWindows[head] ?? 0;
  const cached = problem.cachedLengths[slot] ?? 0;
  const end = (column + 1) * pageSizeTokens;
  if (window === 0 || column * pageSizeTokens < problem.sinkTokens || end > cached - window + 1) {
    return false;
  }
  const queries = lengthOf(problem, slot) - cached;
  for (let queryIndex = 0; queryIndex < queries; queryIndex++) {
    for (let keyTokens = end - pageSizeTokens; keyTokens < end; keyTokens++) {
      if (keyIsVisible(problem, { slot, queryIndex, head, keyTokens })) return false;
    }
  }
  return true;
}
