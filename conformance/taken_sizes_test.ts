import assert from "node:assert/strict";
import { parseQuery } from "./query.ts";
import { holeMutants } from "./mutants/hole_family.ts";
import { createOracleSubject } from "./subjects/oracle.ts";
import type { Capability, KernelSubject, Reply, Subject } from "./subject.ts";
import { takenSizes } from "./taken_sizes.ts";
import { judge } from "./testing_judge.ts";

type Shape = { readonly headSize: number; readonly pageSizeTokens: number };

/** A kernel that refuses other sizes than some. */
function restricted(good: KernelSubject, takes: (shape: Shape) => boolean): KernelSubject {
  const refusal = { kind: "refused", code: "shape", message: "no such size" } as const;
  const only = <T>(shape: Shape, run: () => Promise<Reply<T>>): Promise<Reply<T>> =>
    takes(shape) ? run() : Promise.resolve(refusal);
  return {
    ...good,
    attend: (problem, o) => only(problem.shape, () => good.attend(problem, o)),
    append: (problem) => only(problem.shape, () => good.append(problem)),
    capture: (problem, o) => only(problem.shape, () => good.capture(problem, o)),
    attendSparse: (problem, o) => only(problem.shape, () => good.attendSparse!(problem, o)),
  };
}

function judgeKernel(
  kernel: KernelSubject,
  names: readonly Capability[],
  queries: string,
  policies: Subject["policies"] = {},
) {
  const capabilities = createOracleSubject().capabilities.union(new Set(names));
  const subject = { name: "restricted", capabilities, kernel, policies };
  return judge({ subject, filters: queries.split(" ").map(parseQuery) });
}

const CASES = "kernel:attend:layout kernel:attend:recycling kernel:mask:sinks " +
  "kernel:sentinel:large_pages kernel:sentinel:foreign_id kernel:sentinel:idle " +
  "kernel:append:holes kernel:append:rows kernel:append:rotation kernel:softmax:learned_sink";

const SUBJECTS = [
  {
    name: "heads of 128",
    claims: ["kernel.head_size_128"],
    takes: (s: Shape) => s.headSize >= 128,
  },
  {
    name: "pages of 64",
    claims: ["kernel.page_size_64"],
    takes: (s: Shape) => s.pageSizeTokens === 64,
  },
  {
    name: "pages of 16",
    claims: ["kernel.page_size_16"],
    takes: (s: Shape) => s.pageSizeTokens === 16,
  },
  {
    name: "heads of 128 in pages of 64",
    claims: ["kernel.head_size_128", "kernel.page_size_64"],
    takes: (s: Shape) => s.headSize >= 128 && s.pageSizeTokens === 64,
  },
] as const;

for (const { name, claims, takes } of SUBJECTS) {
  Deno.test(`a kernel that takes only ${name} is conformant, and is judged by most cases`, async () => {
    const good = createOracleSubject().kernel as KernelSubject;
    const { bad, summary } = await judgeKernel(restricted(good, takes), claims, CASES);
    assert.deepEqual(bad.slice(0, 4), []);
    assert.ok(summary.passed > 2 * summary.skipped, `${summary.passed} of ${summary.skipped}`);
    const undeclared = await judgeKernel(
      restricted(good, takes),
      [],
      "kernel:attend:layout kernel:append",
    );
    assert.notDeepEqual(undeclared.bad, []);
  });
}

Deno.test("a wrong kernel of one size is told as one of every size is", async () => {
  const { claims, takes } = SUBJECTS[3];
  for (const mutant of holeMutants) {
    // A head whose holes closed up shows where recycling is compared, in pages of 16.
    if (mutant.name.startsWith("holes_closed_up")) continue;
    const { kernel, policies } = mutant.create();
    const faulty = restricted(kernel as KernelSubject, takes);
    // Pages of 64 have dead columns between live ones in the cases of large pages alone.
    const queries = [...mutant.killedBy, "kernel:sentinel:large_pages"].join(" ");
    const { bad } = await judgeKernel(faulty, claims, queries, policies);
    assert.notDeepEqual(bad, [], mutant.name);
  }
});

Deno.test("takenSizes() takes every size of a kind of which none is claimed, but 256", () => {
  assert.deepEqual(takenSizes(new Set()), {
    headSizes: [64, 128],
    pageSizes: [16, 32, 64, 128, 256],
  });
  assert.deepEqual(takenSizes(new Set(["kernel.head_size_256"] as const)).headSizes, [
    64,
    128,
    256,
  ]);
  const claims = new Set(["kernel.head_size_128", "kernel.page_size_64"] as const);
  assert.deepEqual(takenSizes(claims), { headSizes: [128], pageSizes: [64] });
});
