import assert from "node:assert/strict";
import { IdSpaceError, TableError } from "./mod.ts";
import { ForeignTableError, fromForeignTable } from "./foreign_table.ts";

const SHAPE = { layerGroups: 1, slots: 1, kvHeads: 2, columns: 2 };

Deno.test("fromForeignTable() copies a sound table", () => {
  const ids = Int32Array.of(0, 7, 3, -1);
  const table = fromForeignTable({ ids, shape: { layout: "headwise", ...SHAPE }, pagesPerHead: 8 });
  assert.deepEqual(table, { layout: "headwise", ...SHAPE, ids });
  ids[0] = 5;
  assert.equal(table.ids[0], 0);
});

Deno.test("fromForeignTable() refuses an id outside the layout's space, never modulo", () => {
  const table = [
    ["headwise", 8, "LocalPage", 8],
    ["headwise", -2, "LocalPage", 8],
    ["pooled", 16, "GlobalPage", 16],
  ] as const;
  for (const [layout, id, space, limit] of table) {
    assert.throws(
      () =>
        fromForeignTable({
          ids: Int32Array.of(0, 1, 2, id),
          shape: { layout, ...SHAPE },
          pagesPerHead: 8,
        }),
      (error) => {
        assert.ok(error instanceof IdSpaceError);
        assert.deepEqual([error.space, error.value, error.limit], [space, id, limit]);
        return true;
      },
    );
  }
  assert.equal(
    fromForeignTable({
      ids: Int32Array.of(0, 1, 2, 15),
      shape: { layout: "pooled", ...SHAPE },
      pagesPerHead: 8,
    }).ids[3],
    15,
  );
});

Deno.test("fromForeignTable() refuses other types and sizes by name", () => {
  const shape = { layout: "headwise", ...SHAPE } as const;
  const table = [
    [new BigInt64Array(4), "dtype/int32", "BigInt64Array"],
    [new Uint32Array(4), "dtype/int32", "Uint32Array"],
    [new Float32Array(4), "dtype/int32", "Float32Array"],
    [new Int32Array(3), "shape/rows", 3],
  ] as const;
  for (const [ids, clause, value] of table) {
    assert.throws(() => fromForeignTable({ ids, shape, pagesPerHead: 8 }), (error) => {
      assert.ok(error instanceof ForeignTableError);
      assert.deepEqual([error.clause, error.value], [clause, value]);
      return true;
    });
  }
  assert.throws(
    () => fromForeignTable({ ids: new Int32Array(4), shape, pagesPerHead: 0 }),
    TableError,
  );
});
