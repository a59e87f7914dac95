/** Tests of validators: every fault of a table is found and named, and a sound table has none. */
import type { Layout } from "../../allocator/mod.ts";
import { requireEqual, requireThat } from "../acceptance.ts";
import { PASS } from "../outcome.ts";
import type { TableDump } from "../subject.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { HEAD_LAYOUTS, layoutCapability, LAYOUTS } from "./cache_spec.ts";

/** Pages of each slot of the sound table. */
const PAGES = [5, 2, 0];
/** N, M and P of the sound table. */
const POOL = 16;
const COLUMNS = 6;
const PAGE = 16;

/** Sizes of a table that engines have. */
const MANY = { slots: 33, heads: 8, columns: 12, pool: 33 * 12 };

/** A sound table of many slots and heads, whose lengths are not whole pages. */
function manyTable(layout: Layout): TableDump {
  const { slots, heads: kvHeads, columns, pool } = MANY;
  const heads = layout === "uniform" ? 1 : kvHeads;
  const lengthsTokens = Int32Array.from({ length: slots }, (_, slot) => 25 + (slot * 29) % 140);
  const table = new Int32Array(slots * heads * columns).fill(-1);
  for (let slot = 0; slot < slots; slot++) {
    const pages = Math.ceil(lengthsTokens[slot]! / PAGE);
    for (let head = 0; head < heads; head++) {
      for (let column = 0; column < pages; column++) {
        const id = slot * columns + column;
        const start = (slot * heads + head) * columns;
        table[start + column] = layout === "pooled" ? head * pool + id : id;
      }
    }
  }
  return {
    layout,
    slots,
    headWindows: Int32Array.of(0, 16, 0, 100, 0, 0, 64, 0),
    sinkTokens: 0,
    columns,
    table,
    pagesPerHead: pool,
    pageSizeTokens: PAGE,
    lengthsTokens,
    uniformColumns: columns,
  };
}

/** A window head and a full head over three slots: five pages, two pages, and none. */
function soundTable(layout: Layout, recycled: boolean): TableDump {
  const heads = layout === "uniform" ? 1 : 2;
  const table = new Int32Array(PAGES.length * heads * COLUMNS).fill(-1);
  let next = 0;
  for (const [slot, pages] of PAGES.entries()) {
    for (let column = 0; column < pages; column++, next++) {
      for (let head = 0; head < heads; head++) {
        const id = layout === "pooled" ? head * POOL + next : next;
        // Of 80 tokens the next query sees keys from 49 on and the sinks, so pages 1 and 2 are dead.
        const dead = recycled && slot === 0 && head === 0 && column === 1;
        table[(slot * heads + head) * COLUMNS + column] = dead ? -1 : id;
      }
    }
  }
  return {
    layout,
    slots: PAGES.length,
    headWindows: Int32Array.of(32, 0),
    sinkTokens: 4,
    columns: COLUMNS,
    table,
    pagesPerHead: POOL,
    pageSizeTokens: PAGE,
    lengthsTokens: Int32Array.from(PAGES, (pages) => pages * PAGE),
    uniformColumns: COLUMNS,
  };
}

export const validatorTests: readonly TestDefinition[] = [
  defineTest({
    id: "validator:table:sound",
    clauses: ["sentinel/only-minus-one", "sentinel/only-when-dead", "sentinel/tail", "shape/rows"],
    description: "A sound table has no fault, with and without recycled columns",
    needs: ({ layout }) => ["validator", layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS, recycled: [false, true] }),
    run: async ({ allocator, params: { layout, recycled } }) => {
      const question = soundTable(layout, recycled && layout !== "uniform");
      const faults = await allocator.validate(question);
      requireEqual("faults", faults.map((fault) => fault.clause).join(), "");
      return PASS;
    },
  }),
  defineTest({
    id: "validator:table:bad_entry",
    clauses: ["sentinel/only-minus-one"],
    description: "A bad id is reported with its slot, head, column and value",
    needs: ({ layout }) => ["validator", layoutCapability(layout)],
    cases: grid({
      layout: LAYOUTS,
      value: ["-2", "-2147483648", "pool_end", "1000", "2147483647"],
      slot: [0, 1],
    }),
    run: async ({ allocator, params: { layout, value: name, slot } }) => {
      const question = soundTable(layout, false);
      const end = layout === "pooled" ? 2 * POOL : POOL;
      const value = name === "pool_end" ? end : Number(name);
      const rows = layout === "uniform" ? 1 : 2;
      const head = rows - 1;
      question.table[(slot * rows + head) * COLUMNS + 1] = value;
      const faults = await allocator.validate(question);
      const fault = faults.find((each) => each.clause === "sentinel/only-minus-one");
      requireThat(fault !== undefined, "Expected the bad id to be found");
      requireEqual("slot", fault.slot, slot);
      requireEqual("column", fault.column, 1);
      requireEqual("value", fault.value, value);
      if (layout !== "uniform") {
        requireEqual("head", fault.head, head);
      }
      return PASS;
    },
  }),
  defineTest({
    id: "validator:table:flat_id",
    clauses: ["layout/id-spaces-distinct", "sentinel/only-minus-one"],
    description: "The first id past a head's pool is a fault where ids are local, not where global",
    needs: ({ layout }) => ["validator", layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS }),
    run: async ({ allocator, params: { layout } }) => {
      const question = soundTable(layout, false);
      question.table[1] = 2 * POOL - 1;
      const faults = await allocator.validate(question);
      requireEqual("faults found", faults.length > 0, layout !== "pooled");
      return PASS;
    },
  }),
  defineTest({
    id: "validator:table:live_hole",
    clauses: ["sentinel/only-when-dead"],
    description: "A hole in a full head, in the sinks, in the window or at the tail is a fault",
    needs: ({ layout }) => ["validator", layoutCapability(layout)],
    cases: grid({ layout: HEAD_LAYOUTS, where: ["full_head", "sinks", "window", "tail"] }),
    run: async ({ allocator, params: { layout, where } }) => {
      const question = soundTable(layout, true);
      const index = { full_head: COLUMNS + 1, sinks: 0, window: 3, tail: 4 }[where] ?? 0;
      question.table[index] = -1;
      const faults = await allocator.validate(question);
      const fault = faults.find((each) => each.clause === "sentinel/only-when-dead");
      requireThat(fault !== undefined, "Expected the hole in a live range to be found");
      requireEqual("column", fault.column, index % COLUMNS);
      return PASS;
    },
  }),
  defineTest({
    id: "validator:table:stale_tail",
    clauses: ["sentinel/tail"],
    description: "An id past a slot's pages, or in an empty slot, is a fault",
    needs: ({ layout }) => ["validator", layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS, slot: [0, 1, 2], at: ["first", "last"] }),
    run: async ({ allocator, params: { layout, slot, at } }) => {
      const question = soundTable(layout, false);
      const rows = layout === "uniform" ? 1 : 2;
      const column = at === "first" ? PAGES[slot] ?? 0 : COLUMNS - 1;
      question.table[slot * rows * COLUMNS + column] = POOL - 1;
      const faults = await allocator.validate(question);
      const fault = faults.find((each) => each.clause === "sentinel/tail");
      requireThat(fault !== undefined, "Expected the stale column to be found");
      requireEqual("slot", fault.slot, slot);
      requireEqual("column", fault.column, column);
      return PASS;
    },
  }),
  defineTest({
    id: "validator:table:shared_page",
    clauses: ["layout/id-spaces-distinct", "pool/conservation"],
    description: "A page that two rows name is a fault, of two heads too where ids are global",
    needs: ({ layout }) => ["validator", layoutCapability(layout)],
    cases: grid({ layout: LAYOUTS, rows: ["slots", "heads"] }),
    run: async ({ allocator, params: { layout, rows } }) => {
      const question = soundTable(layout, false);
      const slotRows = layout === "uniform" ? 1 : 2;
      const other = rows === "slots" ? slotRows * COLUMNS : COLUMNS;
      question.table[other] = question.table[0] ?? 0;
      const faults = await allocator.validate(question);
      // Two heads of the headwise layout count their pages apart, so one id for both is sound.
      const expected = !(layout === "headwise" && rows === "heads");
      requireEqual("faults found", faults.length > 0, expected);
      return PASS;
    },
  }),
  defineTest({
    id: "validator:table:bad_shape",
    clauses: ["shape/rows", "shape/columns-positive", "shape/columns-cover", "dtype/int32"],
    description: "Wrong rows, columns and types are faults under the clause that they break",
    needs: ({ layout }) => ["validator", layoutCapability(layout)],
    cases: grid({
      layout: LAYOUTS,
      clause: ["shape/rows", "shape/columns-positive", "shape/columns-cover", "dtype/int32"]
        .map((clause) => clause.replace("/", ".")),
    }),
    run: async ({ allocator, params: { layout, clause } }) => {
      const good = soundTable(layout, false);
      const changes = {
        "shape.rows": { table: good.table.slice(COLUMNS) },
        "shape.columns-positive": { columns: 0, uniformColumns: 0 },
        "shape.columns-cover": { uniformColumns: COLUMNS + 1 },
        "dtype.int32": { table: BigInt64Array.from(good.table, BigInt) as unknown as Int32Array },
      }[clause];
      const faults = await allocator.validate({ ...good, ...changes });
      const named = faults.some((fault) => fault.clause === clause.replace(".", "/"));
      requireThat(named, `Expected a fault under "${clause}", found ${faults.length} others`);
      return PASS;
    },
  }),
  defineTest({
    id: "validator:size:fault",
    clauses: [
      "sentinel/only-minus-one",
      "sentinel/only-when-dead",
      "sentinel/tail",
      "pool/conservation",
    ],
    description: "A fault is found in any slot and head of many, and a sound table has none",
    needs: ({ layout }) => ["validator", layoutCapability(layout)],
    cases: grid({
      layout: LAYOUTS,
      fault: ["none", "bad_id", "live_hole", "stale_tail", "twice"],
      slot: [0, 16, 24, 32],
      head: [0, 5, 7],
    }).filter(({ layout, head }) => layout !== "uniform" || head === 0),
    run: async ({ allocator, params: { layout, fault, slot, head } }) => {
      const question = manyTable(layout);
      const heads = layout === "uniform" ? 1 : MANY.heads;
      const row = (slot * heads + head) * MANY.columns;
      const pages = Math.ceil((question.lengthsTokens[slot] ?? 0) / PAGE);
      const expected: Readonly<Record<string, readonly [string, number]>> = {
        "bad_id": ["sentinel/only-minus-one", 1],
        "live_hole": ["sentinel/only-when-dead", pages - 1],
        "stale_tail": ["sentinel/tail", pages],
        twice: ["pool/conservation", 1],
      };
      const [clause, column] = expected[fault] ?? [];
      if (clause === undefined || column === undefined) {
        requireEqual("faults found", (await allocator.validate(question)).length, 0);
        return PASS;
      }
      const ids: Record<string, number> = {
        "bad_id": -7,
        "live_hole": -1,
        "stale_tail": question.table[row] ?? 0,
        twice: question.table[row] ?? 0,
      };
      question.table[row + column] = ids[fault]!;
      const faults = await allocator.validate(question);
      const found = faults.find((each) => each.clause === clause && each.column === column);
      requireThat(
        found !== undefined,
        `Expected the fault in slot ${slot}, head ${head} to be found`,
      );
      requireEqual("slot", found.slot, slot);
      if (layout !== "uniform") requireEqual("head", found.head, head);
      return PASS;
    },
  }),
  defineTest({
    id: "validator:size:lengths",
    clauses: ["dtype/int32", "shape/columns-cover"],
    description: "Lengths of another type, below 0, past the row, or too few are faults",
    needs: ({ layout }) => ["validator", layoutCapability(layout)],
    cases: grid({
      layout: LAYOUTS,
      fault: ["int64", "uint32", "float32", "negative", "past_row", "windows_int64"],
    }),
    run: async ({ allocator, params: { layout, fault } }) => {
      const good = manyTable(layout);
      const { lengthsTokens: sound, headWindows } = good;
      const changed = (length: number): Int32Array =>
        sound.map((each, slot) => slot === 20 ? length : each);
      const changes: Record<string, object> = {
        int64: { lengthsTokens: BigInt64Array.from(sound, BigInt) },
        uint32: { lengthsTokens: Uint32Array.from(sound) },
        float32: { lengthsTokens: Float32Array.from(sound) },
        negative: { lengthsTokens: changed(-1) },
        "past_row": { lengthsTokens: changed(MANY.columns * PAGE + 1) },
        "windows_int64": { headWindows: BigInt64Array.from(headWindows, BigInt) },
      };
      const faults = await allocator.validate({ ...good, ...changes[fault] } as TableDump);
      const clause = fault === "negative" || fault === "past_row"
        ? "shape/columns-cover"
        : "dtype/int32";
      requireThat(
        faults.some((each) => each.clause === clause),
        `Expected a fault under "${clause}", found ${faults.map((each) => each.clause).join(", ")}`,
      );
      return PASS;
    },
  }),
  defineTest({
    id: "validator:size:windows",
    clauses: ["sentinel/only-when-dead", "mask/several-windows"],
    description: "A hole is judged by the window of its own head",
    needs: ({ layout }) => ["validator", layoutCapability(layout)],
    // A token before a page dies, when it does, and between the two.
    cases: grid({
      layout: HEAD_LAYOUTS,
      head: [1, 6],
      dead: [true, false],
      length: [150, 158, 159],
    }),
    run: async ({ allocator, params: { layout, head, dead, length } }) => {
      const question = manyTable(layout);
      // Head 1 sees 16 tokens and head 6 sees 64: of 150 tokens pages before the 134th and 86th die.
      const slot = 9;
      question.lengthsTokens[slot] = length;
      const window = question.headWindows[head] ?? 0;
      const firstLive = Math.floor((length - window + 1) / PAGE);
      const column = dead ? firstLive - 1 : firstLive;
      const row = (slot * MANY.heads + head) * MANY.columns;
      for (let each = 0; each < Math.ceil(length / PAGE); each++) {
        const id = slot * MANY.columns + each;
        for (let other = 0; other < MANY.heads; other++) {
          const start = (slot * MANY.heads + other) * MANY.columns;
          question.table[start + each] = layout === "pooled" ? other * MANY.pool + id : id;
        }
      }
      question.table[row + column] = -1;
      const faults = await allocator.validate(question);
      requireEqual("faults found", faults.length, dead ? 0 : 1);
      return PASS;
    },
  }),
  defineTest({
    id: "validator:table:uniform_hole",
    clauses: ["sentinel/only-when-dead", "mask/several-windows"],
    description:
      "A page of every head is dead where the widest window hides it, and with a full head never",
    needs: () => ["validator", "allocator.uniform"],
    cases: [
      { windows: "16_32", column: 2, dead: true },
      { windows: "32_16", column: 3, dead: false },
      { windows: "16_32", column: 3, dead: false },
      { windows: "16_0", column: 1, dead: false },
      { windows: "0_16", column: 1, dead: false },
    ],
    run: async ({ allocator, params: { windows, column, dead } }) => {
      // The next of 80 tokens sees keys from 49 on through a window of 32, and from 65 on through 16.
      const question = soundTable("uniform", false);
      question.table[column] = -1;
      const headWindows = Int32Array.from(windows.split("_"), Number);
      const faults = await allocator.validate({ ...question, headWindows });
      requireEqual("faults found", faults.length, dead ? 0 : 1);
      return PASS;
    },
  }),
];
