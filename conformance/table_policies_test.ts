import assert from "node:assert/strict";
import { withNullPage, withoutNullPage } from "./null_page.ts";
import { parseQuery } from "./query.ts";
import { createOracleSubject } from "./subjects/oracle.ts";
import { judge } from "./testing_judge.ts";
import { createPosedKernel } from "./subjects/posed_kernel.ts";
import { appendOf } from "./suites/append_case.ts";
import { problemOf } from "./suites/kernel_case.ts";
import { deadColumns, poseTables, type TablePolicies } from "./table_policies.ts";
import type { KernelSubject } from "./subject.ts";

const POLICIES: readonly TablePolicies[] = [
  { nullId: 0, deadColumns: "cleared" },
  { nullId: -1, deadColumns: "stale" },
  { nullId: 0, deadColumns: "stale" },
];

/** Cases that depend on what stands in a table. */
const QUERIES = [
  "kernel:sentinel:no_read:layout=headwise;*",
  "kernel:sentinel:first_page:layout=pooled;*",
  "kernel:sentinel:foreign_id:*",
  "kernel:append:holes:*",
  "kernel:append:nothing_else:*",
  "kernel:attend:recycling:*",
  "kernel:size:wide:*",
  "capture:record:table_present:*",
  "capture:replay:equal:*",
].map(parseQuery);

async function failuresOf(kernel: KernelSubject, policies?: TablePolicies) {
  const { capabilities } = createOracleSubject();
  const subject = { name: "posed", capabilities, kernel, ...(policies ? { policies } : {}) };
  const { bad, summary } = await judge({ subject, filters: QUERIES });
  assert.equal(summary.skipped, 0);
  assert.ok(bad.length > 0 || summary.passed > 60);
  return bad;
}

for (const policies of POLICIES) {
  const said = `nullId ${policies.nullId} and deadColumns ${policies.deadColumns}`;
  const kernel = createPosedKernel(createOracleSubject().kernel as KernelSubject, policies);

  Deno.test(`a kernel that declares ${said} is conformant`, async () => {
    assert.deepEqual((await failuresOf(kernel, policies)).slice(0, 3), []);
  });
}

Deno.test("a kernel with a null page that does not declare it is not conformant, nor the reverse", async () => {
  const [policies] = POLICIES;
  const good = createOracleSubject().kernel as KernelSubject;
  assert.notDeepEqual(await failuresOf(good, policies), []);
  assert.notDeepEqual(await failuresOf(createPosedKernel(good, policies!)), []);
});

Deno.test("deadColumns() finds what recycling has cleared, and no hole that a query would see", () => {
  const problem = problemOf(1, { recycled: true, rows: "1+100_3+30", sinks: 4 });
  const holes = [...problem.table.entries()].filter(([, id]) => id === -1).map(([index]) => index);
  const { columns, pageSizeTokens } = problem.shape;
  const held = (index: number) => [101, 33][Math.floor(index / columns / 2)]! / pageSizeTokens;
  assert.deepEqual(deadColumns(problem), holes.filter((index) => index % columns < held(index)));
  const seen = problem.table.slice().fill(-1, 0, columns);
  assert.ok(!deadColumns({ ...problem, table: seen }).includes(6));
});

Deno.test("withoutNullPage() is the way back of withNullPage(), for every tensor of a cache", () => {
  for (const keys of ["c16", "int8:token:f32", "fp4_e2m1:block:fp8_e4m3", "int8:inline:f16"]) {
    for (const layout of ["uniform", "headwise", "pooled"] as const) {
      const problem = problemOf(3, { keys, layout });
      const back = withoutNullPage(withNullPage(problem));
      const { poolPages: _, pages: __, ...shape } = back.shape;
      const { pages: ___, ...before } = problem.shape;
      assert.deepEqual({ ...back, shape }, { ...problem, shape: before });
    }
  }
});

Deno.test("a write into the null page is found, whatever the table says", async () => {
  const good = createOracleSubject().kernel as KernelSubject;
  const policies = { nullId: 0, deadColumns: "cleared" } as const;
  const writing: KernelSubject = {
    ...good,
    append: async (problem) => {
      const reply = await createPosedKernel(good, policies).append(problem);
      if (reply.kind === "ok") reply.value.values[3] = 0x1234;
      return reply;
    },
  };
  const append = poseTables(writing, policies).append(appendOf(1));
  await assert.rejects(append, /The null page was written/);
});

Deno.test("deadColumns() leaves a hole alone that a range of keys brings back into a window", () => {
  const dense = problemOf(5, { layout: "headwise", kinds: "wwww", window: 32, rows: "1+150" });
  const { pageSizeTokens } = dense.shape;
  const table = dense.table.slice();
  table.fill(-1, 0, 9);
  const plain = { ...dense, table };
  const dead = deadColumns(plain);
  assert.ok(dead.includes(3) && dead.includes(4), `${dead}`);
  // A window is counted from the end of the range: keys 48 to 79 are seen, of pages 3 and 4.
  const ranged = deadColumns({ ...plain, maskRanges: Int32Array.of(0, 80) });
  for (const column of dead) {
    const isSeen = (column + 1) * pageSizeTokens > 48 && column * pageSizeTokens < 80;
    assert.equal(ranged.includes(column), !isSeen, `column ${column}`);
  }
});
