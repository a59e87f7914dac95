/** Allocators whose draft or worker rows are wrong by content, layout by layout. */
import type { AllocatorSnapshot, AllocatorSubject } from "../subject.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "../suites/cache_spec.ts";
import { layoutFamily, named } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { hearing, showing } from "./snapshot_changes.ts";

/** Wrong contents of a copy of the rows, given the right one. */
const WRONG_COPIES: Readonly<
  Record<string, (table: Int32Array, snapshot: AllocatorSnapshot) => Int32Array>
> = {
  "one_page_on": (table) => table.map((id) => id < 0 ? id : id + 1),
  "from_zero": (table, { columns }) => table.map((id, index) => id < 0 ? id : index % columns),
  "holes_as_page_0": (table) => table.map((id) => Math.max(0, id)),
  "rows_of_slot_0": (table, { slots }) => {
    const stride = table.length / slots;
    return table.map((_, index) => table[index % stride] ?? -1);
  },
};

/** The worker's rows stay as they were when the command came first. */
function frozenAt(
  good: AllocatorSubject,
  command: "recycle" | "release" | "swap" | "reorder" | "extend",
): Partial<AllocatorSubject> {
  let frozen: Int32Array | null = null;
  let steps = 0;
  return {
    beginStep: () => {
      steps++;
      return good.beginStep();
    },
    [command]: async (o: never) => {
      if (steps > 0) frozen ??= (await good.snapshot()).workerTable ?? null;
      return await good[command](o);
    },
    snapshot: async () => {
      const snapshot = await good.snapshot();
      const { workerTable } = snapshot;
      return frozen === null || workerTable?.length !== frozen.length
        ? snapshot
        : { ...snapshot, workerTable: frozen };
    },
  };
}

export const copyMutants: readonly Mutant[] = [
  ...layoutFamily({
    name: "draft_table",
    origin: "field",
    violates: ["slot/swap-rows", "slot/condense"],
    variants: WRONG_COPIES,
    fault: (kind) => `the draft model's ids are wrong: ${kind}; its moves are right`,
    test: "allocator:slots:draft",
    layouts: LAYOUTS,
  }, (good, _, wrong) => ({
    snapshot: async () => {
      const snapshot = await good.snapshot();
      const { draftTable } = snapshot;
      return draftTable === null
        ? snapshot
        : { ...snapshot, draftTable: wrong(draftTable, snapshot) };
    },
  })),
  ...layoutFamily({
    name: "draft_rows_keep_pages_beside_a_step",
    violates: ["worker/rows-follow"],
    fault: "the draft model's rows keep what is freed beside a step",
    test: (layout) => `allocator:lifetime:draft_rows:layout=${layout};open=true;*`,
    layouts: LAYOUTS,
  }, (good) => {
    let kept: Int32Array | null = null;
    let open = 0;
    const remember = async (): Promise<void> => {
      if (open > 0) kept = (await good.snapshot()).draftTable;
    };
    return {
      ...hearing(good, "beginStep", () => void open++),
      ...hearing(good, "recycle", remember),
      ...hearing(good, "release", remember),
      ...showing(good.snapshot, ({ draftTable }) => ({
        draftTable: draftTable?.map((id, index) => id < 0 ? kept?.[index] ?? id : id) ?? null,
      })),
    };
  }),
  ...layoutFamily({
    name: "draft_rows_of_group_0",
    violates: ["worker/rows-follow"],
    fault: "the draft model has the rows of the first layer group alone",
    test: (layout) => `allocator:lifetime:draft_rows:groups=3;layout=${layout};*`,
    layouts: HEAD_LAYOUTS,
  }, (good) =>
    showing(good.snapshot, ({ draftTable, layerGroups }) => ({
      draftTable: draftTable?.map((id, index) =>
        index < draftTable.length / layerGroups ? id : -1
      ) ?? null,
    }))),
  ...layoutFamily({
    name: "worker_copy_misses",
    origin: "field",
    violates: ["worker/rows-follow"],
    variants: named("recycle", "release", "swap", "reorder", "extend"),
    fault: (command) => `the worker's rows do not hear of "${command}"`,
    test: (layout, command) =>
      `allocator:lifetime:worker_rows:layout=${layout};what=${
        command === "extend" ? "grow" : command
      }`,
    layouts: LAYOUTS,
  }, (good, _, command) => frozenAt(good, command)),
];
