import assert from "node:assert/strict";
import { problemOf } from "../suites/kernel_case.ts";
import {
  changed,
  fullHeadsFirst,
  headsFirstRows,
  overrunRows,
  readAsInt32,
} from "./problem_changes.ts";

Deno.test("changed() changes what was carried out and leaves refusals", () => {
  const refusal = { kind: "refused", code: "x", message: "No" } as const;
  assert.equal(changed(refusal, () => 2), refusal);
  assert.deepEqual(changed({ kind: "ok", value: 1 }, (value) => value + 1), {
    kind: "ok",
    value: 2,
  });
});

Deno.test("headsFirstRows() moves every row of several slots and heads but the outer ones", () => {
  const problem = problemOf(1, { rows: "1+20_1+20_1+20", kinds: "ff", spareColumns: 0 });
  const { columns } = problem.shape;
  const rows = Array.from({ length: 6 }, (_, row) => row);
  const table = Int32Array.from({ length: 6 * columns }, (_, index) => Math.floor(index / columns));
  const moved = headsFirstRows({ ...problem, table });
  assert.deepEqual(rows.map((row) => moved[row * columns]), [0, 3, 1, 4, 2, 5]);
});

Deno.test("overrunRows() reads a short row on into the next one", () => {
  const problem = problemOf(1, { rows: "1+40_1+0", kinds: "f", spareColumns: 0 });
  const short = {
    ...problem,
    shape: { ...problem.shape, columns: 2 },
    table: Int32Array.of(4, 5, 6, -1),
  };
  assert.deepEqual([...overrunRows(short).table], [4, 5, 6, 6, -1, -1]);
  assert.equal(overrunRows(problem), problem);
});

Deno.test("fullHeadsFirst() puts columns of full heads before those of window heads", () => {
  const problem = problemOf(1, { rows: "1+20", kinds: "wf", group: 1 });
  const output = Uint16Array.from({ length: 128 }, (_, index) => index < 64 ? 1 : 2);
  const moved = fullHeadsFirst(problem, { output, logSumExp: null });
  assert.deepEqual([moved[0], moved[64]], [2, 1]);
});

Deno.test("readAsInt32() reads the bytes of an int64 table and leaves an int32 one", () => {
  const narrow = Int32Array.of(1, 2);
  assert.equal(readAsInt32(narrow), narrow);
  const wide = BigInt64Array.of(3n, 4n) as unknown as Int32Array;
  assert.deepEqual([...readAsInt32(wide)], [3, 0]);
});
