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

const sound = defineTest({
  suite: "validator",
  path: "table",
  test: "sound",
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
});

const entries = defineTest({
  suite: "validator",
  path: "table",
  test: "bad_entry",
  clauses: ["sentinel/only-minus-one"],
  description: "A bad id is reported with its slot, head, column and value",
  needs: ({ layout }) => ["validator", layoutCapability(layout)],
  cases: grid({ layout: LAYOUTS, value: [-2, -2147483648, 1000, 2147483647], slot: [0, 1] }),
  run: async ({ allocator, params: { layout, value, slot } }) => {
    const question = soundTable(layout, false);
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
});

const flatIds = defineTest({
  suite: "validator",
  path: "table",
  test: "flat_id",
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
});

const liveHoles = defineTest({
  suite: "validator",
  path: "table",
  test: "live_hole",
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
});

const staleTail = defineTest({
  suite: "validator",
  path: "table",
  test: "stale_tail",
  clauses: ["sentinel/tail"],
  description: "An id past a slot's pages, or in an empty slot, is a fault",
  needs: ({ layout }) => ["validator", layoutCapability(layout)],
  cases: grid({ layout: LAYOUTS, slot: [0, 1, 2] }),
  run: async ({ allocator, params: { layout, slot } }) => {
    const question = soundTable(layout, false);
    const rows = layout === "uniform" ? 1 : 2;
    const column = PAGES[slot] ?? 0;
    question.table[slot * rows * COLUMNS + column] = POOL - 1;
    const faults = await allocator.validate(question);
    const fault = faults.find((each) => each.clause === "sentinel/tail");
    requireThat(fault !== undefined, "Expected the stale column to be found");
    requireEqual("slot", fault.slot, slot);
    requireEqual("column", fault.column, column);
    return PASS;
  },
});

const sharedPage = defineTest({
  suite: "validator",
  path: "table",
  test: "shared_page",
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
});

const shapes = defineTest({
  suite: "validator",
  path: "table",
  test: "bad_shape",
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
});

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

/** Tests of validators. */
export const validatorTests: readonly TestDefinition[] = [
  sound,
  entries,
  flatIds,
  liveHoles,
  staleTail,
  sharedPage,
  shapes,
];
