/** Tests of validators: every fault of a table is found and named, and a sound table has none. */
import type { Layout } from "../../allocator/mod.ts";
import { requireEqual, requireThat } from "../acceptance.ts";
import type { JudgedAllocator } from "../guard.ts";
import { PASS } from "../outcome.ts";
import type { TableDump, TableFault } from "../subject.ts";
import { type CaseParams, defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { HEAD_LAYOUTS, layoutCapability, LAYOUTS } from "./cache_spec.ts";

const PAGE = 16;

/** What a sound table is made from. */
interface TableSizes {
  readonly headWindows: readonly number[];
  readonly lengthsTokens: readonly number[];
  readonly sinkTokens: number;
  readonly columns: number;
  readonly pagesPerHead: number;
}

/** A window head and a full head over three slots: five pages, two pages, and none. */
const SMALL = {
  headWindows: [32, 0],
  lengthsTokens: [80, 32, 0],
  sinkTokens: 4,
  columns: 6,
  pagesPerHead: 16,
};
const { columns: COLUMNS, pagesPerHead: POOL } = SMALL;

/** Sizes that engines have, with lengths that are not whole pages. */
const MANY = {
  headWindows: [0, 16, 0, 100, 0, 0, 64, 0],
  lengthsTokens: Array.from({ length: 33 }, (_, slot) => 25 + (slot * 29) % 140),
  sinkTokens: 0,
  columns: 12,
  pagesPerHead: 33 * 12,
};

function rowsOf(layout: Layout, { headWindows }: TableSizes = SMALL): number {
  return layout === "uniform" ? 1 : headWindows.length;
}

/** A sound table, in which a slot has the same pages of every head. */
function soundTable(layout: Layout, sizes: TableSizes = SMALL): TableDump {
  const { headWindows, lengthsTokens, ...rest } = sizes;
  const { columns, pagesPerHead } = rest;
  const rows = lengthsTokens.length * rowsOf(layout, sizes);
  const table = Int32Array.from({ length: rows * columns }, (_, index) => {
    const row = Math.floor(index / columns);
    const slot = Math.floor(row / rowsOf(layout, sizes));
    const column = index % columns;
    if (column * PAGE >= lengthsTokens[slot]!) return -1;
    const id = slot * columns + column;
    return layout === "pooled" ? (row % headWindows.length) * pagesPerHead + id : id;
  });
  return {
    ...rest,
    layout,
    slots: lengthsTokens.length,
    headWindows: Int32Array.from(headWindows),
    table,
    pageSizeTokens: PAGE,
    lengthsTokens: Int32Array.from(lengthsTokens),
    uniformColumns: columns,
  };
}

/** A table with another id at one place. */
function withEntry(question: TableDump, index: number, id: number): TableDump {
  return { ...question, table: question.table.with(index, id) };
}

/** A table whose first window head let go of a page: of 80 tokens the next sees 0 to 3 and 49 on. */
function recycledTable(layout: Layout): TableDump {
  return withEntry(soundTable(layout), 1, -1);
}

/** A test of a validator, of tables in the case's layout. */
interface ValidatorTest<P extends CaseParams & { readonly layout?: Layout }>
  extends Omit<TestDefinition<P>, "needs" | "run"> {
  /** Asks about a table; a case passes unless this throws. */
  readonly run: (validate: JudgedAllocator["validate"], params: P) => Promise<void>;
}

function defineValidatorTest<P extends CaseParams & { readonly layout?: Layout }>(
  { run, ...facts }: ValidatorTest<P>,
): TestDefinition {
  return defineTest<P>({
    ...facts,
    needs: ({ layout = "uniform" }) => ["validator", layoutCapability(layout)],
    run: async ({ allocator, params }) => {
      await run((question) => allocator.validate(question), params);
      return PASS;
    },
  });
}

/** Requires the first fault under a clause to stand at its place. */
function requireFault(faults: readonly TableFault[], what: string, place: TableFault): void {
  const fault = faults.find(({ clause }) => clause === place.clause);
  requireThat(fault !== undefined, `Expected ${what} to be found`);
  for (const [name, value] of Object.entries(place)) {
    requireEqual(name, fault[name as keyof TableFault], value);
  }
}

export const validatorTests: readonly TestDefinition[] = [
  defineValidatorTest({
    id: "validator:table:sound",
    clauses: ["sentinel/only-minus-one", "sentinel/only-when-dead", "sentinel/tail", "shape/rows"],
    description: "A sound table has no fault, with and without recycled columns",
    cases: grid({ layout: LAYOUTS, recycled: [false, true] }),
    run: async (validate, { layout, recycled }) => {
      const makeTable = recycled && layout !== "uniform" ? recycledTable : soundTable;
      const faults = await validate(makeTable(layout));
      requireEqual("faults", faults.map((fault) => fault.clause).join(), "");
    },
  }),
  defineValidatorTest({
    id: "validator:table:bad_entry",
    clauses: ["sentinel/only-minus-one"],
    description: "A bad id is reported with its slot, head, column and value",
    cases: grid({
      layout: LAYOUTS,
      value: ["-2", "-2147483648", "pool_end", "1000", "2147483647"],
      slot: [0, 1],
    }),
    run: async (validate, { layout, value: name, slot }) => {
      const end = layout === "pooled" ? 2 * POOL : POOL;
      const value = name === "pool_end" ? end : Number(name);
      const rows = rowsOf(layout);
      const head = rows - 1;
      const index = (slot * rows + head) * COLUMNS + 1;
      const faults = await validate(withEntry(soundTable(layout), index, value));
      const place = { slot, column: 1, value, ...(layout === "uniform" ? {} : { head }) };
      requireFault(faults, "the bad id", { clause: "sentinel/only-minus-one", ...place });
    },
  }),
  defineValidatorTest({
    id: "validator:table:flat_id",
    clauses: ["layout/id-spaces-distinct", "sentinel/only-minus-one"],
    description: "The first id past a head's pool is a fault where ids are local, not where global",
    cases: grid({ layout: LAYOUTS }),
    run: async (validate, { layout }) => {
      const faults = await validate(withEntry(soundTable(layout), 1, 2 * POOL - 1));
      requireEqual("faults found", faults.length > 0, layout !== "pooled");
    },
  }),
  defineValidatorTest({
    id: "validator:table:live_hole",
    clauses: ["sentinel/only-when-dead"],
    description: "A hole in a full head, in the sinks, in the window or at the tail is a fault",
    cases: grid({ layout: HEAD_LAYOUTS, where: ["full_head", "sinks", "window", "tail"] }),
    run: async (validate, { layout, where }) => {
      const index = { full_head: COLUMNS + 1, sinks: 0, window: 3, tail: 4 }[where] ?? 0;
      const faults = await validate(withEntry(recycledTable(layout), index, -1));
      const place = { clause: "sentinel/only-when-dead", column: index % COLUMNS };
      requireFault(faults, "the hole in a live range", place);
    },
  }),
  defineValidatorTest({
    id: "validator:table:stale_tail",
    clauses: ["sentinel/tail"],
    description: "An id past a slot's pages, or in an empty slot, is a fault",
    cases: grid({ layout: LAYOUTS, slot: [0, 1, 2], at: ["first", "last"] }),
    run: async (validate, { layout, slot, at }) => {
      const column = at === "first" ? SMALL.lengthsTokens[slot]! / PAGE : COLUMNS - 1;
      const index = slot * rowsOf(layout) * COLUMNS + column;
      const faults = await validate(withEntry(soundTable(layout), index, POOL - 1));
      requireFault(faults, "the stale column", { clause: "sentinel/tail", slot, column });
    },
  }),
  defineValidatorTest({
    id: "validator:table:shared_page",
    clauses: ["layout/id-spaces-distinct", "pool/conservation"],
    description: "A page that two rows name is a fault, of two heads too where ids are global",
    cases: grid({ layout: LAYOUTS, rows: ["slots", "heads"] }),
    run: async (validate, { layout, rows }) => {
      const question = soundTable(layout);
      const other = rows === "slots" ? rowsOf(layout) * COLUMNS : COLUMNS;
      const faults = await validate(withEntry(question, other, question.table[0]!));
      // Two heads of the headwise layout count their pages apart, so one id for both is sound.
      const expected = !(layout === "headwise" && rows === "heads");
      requireEqual("faults found", faults.length > 0, expected);
    },
  }),
  defineValidatorTest({
    id: "validator:table:bad_shape",
    clauses: ["shape/rows", "shape/columns-positive", "shape/columns-cover", "dtype/int32"],
    description: "Wrong rows, columns and types are faults under the clause that they break",
    cases: grid({
      layout: LAYOUTS,
      clause: ["shape/rows", "shape/columns-positive", "shape/columns-cover", "dtype/int32"]
        .map((clause) => clause.replace("/", ".")),
    }),
    run: async (validate, { layout, clause }) => {
      const good = soundTable(layout);
      const changes = {
        "shape.rows": { table: good.table.slice(COLUMNS) },
        "shape.columns-positive": { columns: 0, uniformColumns: 0 },
        "shape.columns-cover": { uniformColumns: COLUMNS + 1 },
        "dtype.int32": { table: BigInt64Array.from(good.table, BigInt) as unknown as Int32Array },
      }[clause];
      const faults = await validate({ ...good, ...changes });
      const named = faults.some((fault) => fault.clause === clause.replace(".", "/"));
      requireThat(named, `Expected a fault under "${clause}", found ${faults.length} others`);
    },
  }),
  defineValidatorTest({
    id: "validator:size:fault",
    clauses: [
      "sentinel/only-minus-one",
      "sentinel/only-when-dead",
      "sentinel/tail",
      "pool/conservation",
    ],
    description: "A fault is found in any slot and head of many, and a sound table has none",
    cases: grid({
      layout: LAYOUTS,
      fault: ["none", "bad_id", "live_hole", "stale_tail", "twice"],
      slot: [0, 16, 24, 32],
      head: [0, 5, 7],
    }).filter(({ layout, head }) => layout !== "uniform" || head === 0),
    run: async (validate, { layout, fault, slot, head }) => {
      const question = soundTable(layout, MANY);
      const row = (slot * rowsOf(layout, MANY) + head) * MANY.columns;
      const pages = Math.ceil((question.lengthsTokens[slot] ?? 0) / PAGE);
      const first = question.table[row]!;
      const change = {
        none: null,
        "bad_id": { clause: "sentinel/only-minus-one", column: 1, id: -7 },
        "live_hole": { clause: "sentinel/only-when-dead", column: pages - 1, id: -1 },
        "stale_tail": { clause: "sentinel/tail", column: pages, id: first },
        twice: { clause: "pool/conservation", column: 1, id: first },
      }[fault];
      if (change === null) {
        requireEqual("faults found", (await validate(question)).length, 0);
        return;
      }
      const { clause, column, id } = change;
      const faults = await validate(withEntry(question, row + column, id));
      const inColumn = faults.filter((each) => each.column === column);
      const place = { clause, slot, ...(layout === "uniform" ? {} : { head }) };
      requireFault(inColumn, `the fault in slot ${slot}, head ${head}`, place);
    },
  }),
  defineValidatorTest({
    id: "validator:size:lengths",
    clauses: ["dtype/int32", "shape/columns-cover"],
    description: "Lengths of another type, below 0, past the row, or too few are faults",
    cases: grid({
      layout: LAYOUTS,
      fault: ["int64", "uint32", "float32", "negative", "past_row", "windows_int64"],
    }),
    run: async (validate, { layout, fault }) => {
      const good = soundTable(layout, MANY);
      const { lengthsTokens: sound, headWindows } = good;
      const changes: Record<string, object> = {
        int64: { lengthsTokens: BigInt64Array.from(sound, BigInt) },
        uint32: { lengthsTokens: Uint32Array.from(sound) },
        float32: { lengthsTokens: Float32Array.from(sound) },
        negative: { lengthsTokens: sound.with(20, -1) },
        "past_row": { lengthsTokens: sound.with(20, MANY.columns * PAGE + 1) },
        "windows_int64": { headWindows: BigInt64Array.from(headWindows, BigInt) },
      };
      const faults = await validate({ ...good, ...changes[fault] } as TableDump);
      const clause = fault === "negative" || fault === "past_row"
        ? "shape/columns-cover"
        : "dtype/int32";
      requireThat(
        faults.some((each) => each.clause === clause),
        `Expected a fault under "${clause}", found ${faults.map((each) => each.clause).join(", ")}`,
      );
    },
  }),
  defineValidatorTest({
    id: "validator:size:windows",
    clauses: ["sentinel/only-when-dead", "mask/several-windows"],
    description: "A hole is judged by the window of its own head",
    // A token before a page dies, when it does, and between the two.
    cases: grid({
      layout: HEAD_LAYOUTS,
      head: [1, 6],
      dead: [true, false],
      length: [150, 158, 159],
    }),
    run: async (validate, { layout, head, dead, length }) => {
      // Head 1 sees 16 tokens and head 6 sees 64: of 150 tokens pages before the 134th and 86th die.
      const slot = 9;
      const lengthsTokens = MANY.lengthsTokens.with(slot, length);
      const question = soundTable(layout, { ...MANY, lengthsTokens });
      const firstLive = Math.floor((length - MANY.headWindows[head]! + 1) / PAGE);
      const column = dead ? firstLive - 1 : firstLive;
      const row = (slot * MANY.headWindows.length + head) * MANY.columns;
      const faults = await validate(withEntry(question, row + column, -1));
      requireEqual("faults found", faults.length, dead ? 0 : 1);
    },
  }),
  defineValidatorTest({
    id: "validator:table:uniform_hole",
    clauses: ["sentinel/only-when-dead", "mask/several-windows"],
    description:
      "A page of every head is dead where the widest window hides it, and with a full head never",
    cases: [
      { windows: "16_32", column: 2, dead: true },
      { windows: "32_16", column: 3, dead: false },
      { windows: "16_32", column: 3, dead: false },
      { windows: "16_0", column: 1, dead: false },
      { windows: "0_16", column: 1, dead: false },
    ],
    run: async (validate, { windows, column, dead }) => {
      // The next of 80 tokens sees keys from 49 on through a window of 32, and from 65 on through 16.
      const question = withEntry(soundTable("uniform"), column, -1);
      const headWindows = Int32Array.from(windows.split("_"), Number);
      const faults = await validate({ ...question, headWindows });
      requireEqual("faults found", faults.length, dead ? 0 : 1);
    },
  }),
];
