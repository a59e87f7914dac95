/** Allocators whose draft or worker rows are wrong by content, layout by layout. */
import type { AllocatorSnapshot, AllocatorSubject } from "../subject.ts";
import { LAYOUTS } from "../suites/cache_spec.ts";
import { allocatorFamily, withLayout } from "./family.ts";
import type { Mutant } from "./mutant.ts";
import { showing } from "./snapshot_changes.ts";

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

/** Commands after which the worker's copy is not brought up to date. */
const FORGOTTEN_COMMANDS = ["recycle", "release", "swap", "reorder", "extend"] as const;

/** The worker's rows stay as they were when the command came first. */
function frozenAt(
  good: AllocatorSubject,
  command: (typeof FORGOTTEN_COMMANDS)[number],
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

/** Every allocator with wrong copies of its rows. */
export const copyMutants: readonly Mutant[] = [
  ...allocatorFamily(
    { name: "draft_table", origin: "field", violates: ["slot/swap-rows", "slot/condense"] },
    Object.keys(WRONG_COPIES).flatMap((kind) =>
      LAYOUTS.map((layout) => ({
        kind,
        layout,
        label: `${kind}_${layout}`,
        fault: `With the ${layout} layout the draft model's ids are wrong: ${
          kind.replaceAll("_", " ")
        }; its moves are right`,
        killedBy: [`allocator:slots:draft:layout=${layout};*`],
      }))
    ),
    ({ kind, layout }) =>
      withLayout(layout, (good) => ({
        snapshot: async () => {
          const snapshot = await good.snapshot();
          const { draftTable } = snapshot;
          return draftTable === null
            ? snapshot
            : { ...snapshot, draftTable: WRONG_COPIES[kind]!(draftTable, snapshot) };
        },
      })),
  ),
  ...allocatorFamily(
    { name: "draft_rows_keep_pages", origin: "own", violates: ["worker/rows-follow"] },
    LAYOUTS.map((layout) => ({
      layout,
      label: `beside_a_step_${layout}`,
      fault: `With the ${layout} layout the draft model's rows keep what is freed beside a step`,
      killedBy: [`allocator:lifetime:draft_rows:layout=${layout};open=true;*`],
    })),
    ({ layout }) =>
      withLayout(layout, (good) => {
        let kept: Int32Array | null = null;
        let open = 0;
        const remember = async (): Promise<void> => {
          if (open > 0) kept = (await good.snapshot()).draftTable;
        };
        return {
          beginStep: () => {
            open++;
            return good.beginStep();
          },
          recycle: async (o) => {
            await remember();
            return await good.recycle(o);
          },
          release: async (o) => {
            await remember();
            return await good.release(o);
          },
          ...showing(good.snapshot, ({ draftTable }) => ({
            draftTable: draftTable?.map((id, index) => id < 0 ? kept?.[index] ?? id : id) ?? null,
          })),
        };
      }),
  ),
  ...allocatorFamily(
    { name: "draft_rows_of_group_0", origin: "own", violates: ["worker/rows-follow"] },
    (["headwise", "pooled"] as const).map((layout) => ({
      layout,
      label: layout,
      fault:
        `With the ${layout} layout the draft model has the rows of the first layer group alone`,
      killedBy: [`allocator:lifetime:draft_rows:groups=3;layout=${layout};*`],
    })),
    ({ layout }) =>
      withLayout(layout, (good) =>
        showing(good.snapshot, ({ draftTable, layerGroups }) => ({
          draftTable: draftTable?.map((id, index) =>
            index < draftTable.length / layerGroups ? id : -1
          ) ?? null,
        }))),
  ),
  ...allocatorFamily(
    { name: "worker_copy_misses", origin: "field", violates: ["worker/rows-follow"] },
    FORGOTTEN_COMMANDS.flatMap((command) =>
      LAYOUTS.map((layout) => ({
        command,
        layout,
        label: `${command}_${layout}`,
        fault: `With the ${layout} layout the worker's rows do not hear of "${command}"`,
        killedBy: [
          `allocator:lifetime:worker_rows:layout=${layout};what=${
            command === "extend" ? "grow" : command
          }`,
        ],
      }))
    ),
    ({ command, layout }) => withLayout(layout, (good) => frozenAt(good, command)),
  ),
];
