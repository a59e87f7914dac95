import assert from "node:assert/strict";
import { batchRows, rowOfKind } from "./arithmetic_rows.ts";
import { checkProblem } from "./check_problem.ts";
import { attendDirect } from "./oracle_direct.ts";

Deno.test("batchRows() gives every row the answer that it has alone", () => {
  const rows = [1, 40, 17, 3].map((keys, seed) =>
    rowOfKind("random", { seed, storage: "f16", keys })
  );
  const batch = batchRows(rows);
  checkProblem(batch);
  const { output, logSumExp } = attendDirect(batch);
  rows.forEach((row, slot) => {
    const alone = attendDirect(row);
    assert.deepEqual(output.slice(slot * 64, slot * 64 + 64), alone.output);
    assert.equal(logSumExp[slot], alone.logSumExp[0]);
  });
});
