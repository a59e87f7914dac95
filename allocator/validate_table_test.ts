import assert from "node:assert/strict";
import { buildAllocator, slot } from "./builders_test.ts";
import { admit, identityTable, recycle, validateTable } from "./mod.ts";
import type { CacheAllocator, TableQuestion, Violation } from "./mod.ts";

function question(a: CacheAllocator, o: Partial<TableQuestion> = {}): TableQuestion {
  return {
    table: a.table,
    pagesPerHead: a.options.pagesPerHead,
    pageSizeTokens: a.options.pageSizeTokens,
    heads: a.options.heads,
    lengthsTokens: a.state.lengthsTokens,
    ...o,
  };
}

function buildRecycled(): CacheAllocator {
  const a = buildAllocator({ debug: false, modelLengthTokens: 128 });
  admit(a, slot(0), 96);
  recycle(a, slot(0), { nextPositionTokens: 96, lengthTokens: 96 });
  admit(a, slot(1), 20);
  return a;
}

function clauses(violations: readonly Violation[]): string[] {
  return violations.map((violation) => violation.clause);
}

Deno.test("validateTable() finds nothing in a sound table of any layout", () => {
  for (const layout of ["headwise", "pooled", "uniform"] as const) {
    const a = buildAllocator({ layout });
    admit(a, slot(0), 96);
    recycle(a, slot(0), { nextPositionTokens: 96, lengthTokens: 96 });
    admit(a, slot(1), 20);
    assert.deepEqual(validateTable(question(a)), []);
  }
});

Deno.test("validateTable() accepts the identity table that a step is recorded with", () => {
  const heads = buildAllocator().options.heads;
  for (const layout of ["headwise", "pooled", "uniform"] as const) {
    const shape = { layout, layerGroups: 1, slots: 3, kvHeads: 2, columns: 4 };
    const violations = validateTable({
      table: identityTable(shape, 2),
      pagesPerHead: 6,
      pageSizeTokens: 64,
      heads,
      lengthsTokens: Int32Array.of(128, 128, 100),
    });
    assert.deepEqual(violations, []);
  }
});

Deno.test("validateTable() names clause, slot, head, column and value of a bad entry", () => {
  // Row 0 is the window head of slot 0: holes in columns 0…4, a page in 5, tail from 6.
  const table = [
    [5, -2, "sentinel/only-minus-one", { group: 0, slot: 0, head: 0, column: 5, value: -2 }],
    [5, 8, "sentinel/only-minus-one", { group: 0, slot: 0, head: 0, column: 5, value: 8 }],
    [5, -1, "sentinel/only-when-dead", { group: 0, slot: 0, head: 0, column: 5, value: -1 }],
    [8, -1, "sentinel/only-when-dead", { group: 0, slot: 0, head: 1, column: 0, value: -1 }],
    [7, 6, "sentinel/tail", { group: 0, slot: 0, head: 0, column: 7, value: 6 }],
    [9, 0, "pool/conservation", { group: 0, slot: 0, head: 1, column: 1, value: 0 }],
    [24, 0, "pool/conservation", { group: 0, slot: 1, head: 1, column: 0, value: 0 }],
  ] as const;
  for (const [entry, value, clause, fields] of table) {
    const a = buildRecycled();
    a.table.ids[entry] = value;
    const violations = validateTable(question(a));
    assert.equal(violations.length, 1, clause);
    const { message, ...rest } = violations[0];
    assert.deepEqual(rest, { clause, ...fields });
    assert.match(message, new RegExp(`"${value}"|hole`));
  }
});

Deno.test("validateTable() hints at a flat id when a local table holds one", () => {
  const a = buildRecycled();
  a.table.ids[5] = 13;
  assert.match(validateTable(question(a))[0].message, /flat id in a table of local ids/);
});

Deno.test("validateTable() judges holes by the next position when it is given", () => {
  const a = buildRecycled();
  assert.deepEqual(validateTable(question(a, { nextPositions: Int32Array.of(96, 0) })), []);
  // A draft token at 90 still sees keys from 74 on, so the page of 64…79 must not be a hole.
  const violations = validateTable(question(a, { nextPositions: Int32Array.of(90, 0) }));
  assert.deepEqual(violations.map((violation) => [violation.clause, violation.column]), [
    ["sentinel/only-when-dead", 4],
  ]);
});

Deno.test("validateTable() knows preallocated columns when they are given", () => {
  const a = buildAllocator({ debug: false });
  admit(a, slot(0), 16, { preallocate: true });
  assert.deepEqual(clauses(validateTable(question(a))), Array(4).fill("sentinel/tail"));
  assert.deepEqual(validateTable(question(a, { allocatedColumns: Int32Array.of(3, 0) })), []);
});

Deno.test("validateTable() rejects a stale row of an empty slot", () => {
  const a = buildRecycled();
  const lengthsTokens = Int32Array.of(96, 0);
  assert.deepEqual(clauses(validateTable(question(a, { lengthsTokens }))), [
    "sentinel/tail",
    "sentinel/tail",
    "sentinel/tail",
    "sentinel/tail",
  ]);
});

Deno.test("validateTable() rejects shapes and types before it reads an entry", () => {
  const a = buildRecycled();
  const { table } = a;
  const cases: readonly (readonly [Partial<TableQuestion>, string, RegExp])[] = [
    [{ table: { ...table, ids: table.ids.slice(1) } }, "shape/rows", /31 entries/],
    [{ table: { ...table, columns: 0 } }, "shape/columns-positive", /"0" columns/],
    [{ uniformColumns: 9 }, "shape/columns-cover", /"8" columns/],
    [{ pageSizeTokens: 48 }, "shape/group", /"48" tokens/],
    [{ lengthsTokens: Int32Array.of(96) }, "shape/rows", /"lengthsTokens" of 1 entries/],
    [{ table: { ...table, kvHeads: 1 } }, "layout/row-major-heads", /1 heads/],
    [
      { table: { ...table, ids: new BigInt64Array(32) as unknown as Int32Array } },
      "dtype/int32",
      /"table.ids" as "BigInt64Array"/,
    ],
    [
      { lengthsTokens: new Uint32Array(2) as unknown as Int32Array },
      "dtype/int32",
      /"lengthsTokens" as "Uint32Array"/,
    ],
    [
      { nextPositions: [96, 0] as unknown as Int32Array },
      "dtype/int32",
      /"nextPositions" as "Array"/,
    ],
    [
      { allocatedColumns: null as unknown as Int32Array, nextPositions: new Int32Array(1) },
      "shape/rows",
      /"nextPositions" of 1 entries/,
    ],
  ];
  for (const [change, clause, message] of cases) {
    const violations = validateTable(question(a, change));
    const found = violations.find((violation) => violation.clause === clause);
    assert.ok(found !== undefined, `${clause}: ${clauses(violations)}`);
    assert.match(found.message, message);
  }
});

Deno.test("validateTable() rejects a length that the columns cannot hold", () => {
  const a = buildRecycled();
  const lengthsTokens = Int32Array.of(96, 129);
  const allocatedColumns = Int32Array.of(6, 2);
  assert.deepEqual(clauses(validateTable(question(a, { lengthsTokens, allocatedColumns }))), [
    "shape/columns-cover",
    "shape/columns-cover",
  ]);
});

Deno.test("validateTable() finds a page of the flat pool that two heads share", () => {
  const a = buildAllocator({ layout: "pooled", debug: false });
  admit(a, slot(0), 16);
  a.table.ids[6] = 0;
  const [violation] = validateTable(question(a));
  assert.deepEqual([violation.clause, violation.head], ["pool/conservation", 1]);
});

Deno.test("validateTable() names the row that holds a page already, in every layout and group", () => {
  for (const layout of ["headwise", "pooled", "uniform"] as const) {
    const kinds = layout === "uniform"
      ? [["full", "full"] as const]
      : [["full", "full"] as const, ["window", "full"] as const];
    const a = buildAllocator({ layout, kinds, slots: 3, debug: false });
    for (const each of [0, 1, 2]) admit(a, slot(each), 16);
    const { table } = a;
    const heads = layout === "uniform" ? 1 : table.kvHeads;
    const rowOf = (group: number, s: number, head: number): number =>
      (group * table.slots + s) * heads + head;
    for (let group = 0; group < table.layerGroups; group++) {
      for (let head = 0; head < heads; head++) {
        for (const [holder, other] of [[0, 1], [0, 2], [1, 2]] as const) {
          const ids = table.ids.slice();
          ids[rowOf(group, other, head) * table.columns] =
            ids[rowOf(group, holder, head) * table.columns]!;
          const [found] = validateTable(question(a, { table: { ...table, ids } }));
          const row = layout === "uniform"
            ? `: slot ${holder} names it too`
            : `: slot ${holder}, head ${head} of group ${group} names it too`;
          assert.ok(found?.message.includes(row), `${layout}: ${found?.message} for ${row}`);
          assert.equal(found.slot, other);
        }
      }
    }
  }
});

Deno.test("validateTable() allows uniform holes only when every head keeps a window", () => {
  const mixed = buildAllocator({ layout: "uniform", debug: false });
  admit(mixed, slot(0), 96);
  mixed.table.ids[0] = -1;
  assert.deepEqual(clauses(validateTable(question(mixed))), ["sentinel/only-when-dead"]);
  const windows = buildAllocator({ layout: "uniform", kinds: [["window", "window"]] });
  admit(windows, slot(0), 96);
  recycle(windows, slot(0), { nextPositionTokens: 96, lengthTokens: 96 });
  assert.deepEqual(validateTable(question(windows)), []);
});
