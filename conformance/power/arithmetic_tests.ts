/** Tests that hold a kernel to the arithmetic that it declares, where arithmetics differ most. */
import {
  batchRows,
  ROW_KINDS,
  type RowKind,
  rowOfKind,
  type StorageType,
} from "../../kernel/mod.ts";
import { attendJudged, needsOf, STORAGES } from "../suites/kernel_case.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";

/** Keys of a row, and how many rows of that length: of few keys each rounding shows alone. */
const ROWS_BY_KEYS = { 1: 3, 2: 8, 3: 8, 4: 8, 7: 6, 40: 6, 300: 2 };

/** Rows of one kind, in one call. */
function rowsOfKind(kind: RowKind, o: { seed: number; storage: StorageType }) {
  const rows = Object.entries(ROWS_BY_KEYS).flatMap(([keys, count]) =>
    Array.from({ length: count }, (_, index) =>
      rowOfKind(kind, {
        seed: (o.seed >>> 8) + index * 31 + Number(keys),
        storage: o.storage,
        keys: Number(keys),
      }))
  );
  return batchRows(rows);
}

export const arithmeticTests: readonly TestDefinition[] = [
  defineTest({
    id: "kernel:softmax:arithmetic",
    clauses: ["declare/arithmetic", "numerics/c16"],
    description: "Nothing is rounded that was not declared: peaked, flat, tied and rising weights",
    needs: ({ storage, split }) => [
      ...needsOf({ storage }),
      ...(split > 0 ? ["kernel.splits"] as const : []),
    ],
    cases: [
      ...grid({ kind: ROW_KINDS, storage: STORAGES, split: [0] }),
      ...grid({ kind: ["random", "flat"] as RowKind[], storage: STORAGES, split: [16] }),
    ],
    run: ({ kernel, params: { kind, storage, split }, seed }) =>
      attendJudged(kernel, rowsOfKind(kind, { seed, storage }), { splitTokens: split }),
  }),
];
