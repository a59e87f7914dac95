import assert from "node:assert/strict";
import { STORAGE_FORMATS } from "../../kernel/mod.ts";
import { requireOk } from "../suites/driver.ts";
import { attend, DEFAULT_ATTEND, problemOf } from "../suites/kernel_case.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import { appendMutants } from "./append_mutants.ts";

Deno.test("first_page_unguarded gives NaN in the rows of every head whose first page is a hole", async () => {
  const mutant = appendMutants.find(({ name }) => name === "first_page_unguarded")!;
  for (const layout of ["headwise", "pooled"] as const) {
    const dense = problemOf(5, { layout, rows: "2+30_1+47" });
    const { batch, queryHeads, kvHeads, headSize, columns, storage } = dense.shape;
    const table = dense.table.slice();
    const isHole = (slot: number, head: number): boolean => (slot + head) % 2 === 0;
    for (let slot = 0; slot < batch; slot++) {
      for (let head = 0; head < kvHeads; head++) {
        if (isHole(slot, head)) table[(slot * kvHeads + head) * columns] = -1;
      }
    }
    const problem = { ...dense, table };
    const good = await attend(createOracleSubject().kernel!, problem);
    const reply = requireOk(
      "attend",
      await mutant.create().kernel!.attend(problem, DEFAULT_ATTEND),
    );
    const { quietNan } = STORAGE_FORMATS[storage];
    const group = queryHeads / kvHeads;
    for (let slot = 0; slot < batch; slot++) {
      for (let token = dense.queryStarts[slot]!; token < dense.queryStarts[slot + 1]!; token++) {
        for (let head = 0; head < queryHeads; head++) {
          const start = (token * queryHeads + head) * headSize;
          const row = reply.output.subarray(start, start + headSize);
          const expected = isHole(slot, Math.floor(head / group))
            ? new Uint16Array(headSize).fill(quietNan)
            : good.output.subarray(start, start + headSize);
          assert.deepEqual(row, expected, `${layout} token ${token} head ${head}`);
        }
      }
    }
  }
});
