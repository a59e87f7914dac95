/** Tests of kernels at sizes that engines have: slots, chunks, long rows, splits, groups, windows. */
import { elementsOfId, spreadPages } from "../sparse_cache.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import { defineAppendTest } from "./append_case.ts";
import { defineAttendTest } from "./attend_case.ts";
import { HEAD_LAYOUTS, LAYOUTS } from "./cache_spec.ts";
import { requireOk } from "./driver.ts";
import { judgeReply } from "./kernel_case.ts";

/** Decode rows of many slots, whose lengths differ from their neighbours'. */
function decodeRows(slots: number): string {
  return Array.from({ length: slots }, (_, slot) => `1+${(slot * 13) % 61}`).join("_");
}

/** Ids that agree in their low bits and differ above: 16 bits, or as many as an offset has. */
const WIDTHS = { ids_16: "kernel.wide_ids", offsets_31: "kernel.wide_offsets" } as const;

export const kernelSizeTests: readonly TestDefinition[] = [
  defineAttendTest({
    id: "kernel:size:slots",
    clauses: ["mixed/batch", "layout/row-major-heads"],
    description: "Dozens of slots read their own rows, decode rows and chunks",
    cases: grid({ layout: LAYOUTS, slots: [6, 40, 70] }),
    spec: ({ slots }) => ({ rows: decodeRows(slots), kinds: "wf", group: 1, sinks: 4 }),
  }),
  defineAttendTest({
    id: "kernel:size:chunk",
    clauses: ["mixed/batch", "mask/full", "mask/window"],
    description: "Chunks of hundreds of tokens are causal to their last one",
    cases: grid({ layout: HEAD_LAYOUTS, rows: ["130+40_1+20", "1+9_300+0"] }),
    spec: { group: 1, window: 70 },
  }),
  defineAttendTest({
    id: "kernel:size:long_row",
    clauses: ["numerics/c16", "mask/window", "mixed/batch"],
    description: "A row of 16k keys is read to its end in any slot",
    cases: grid({
      layout: HEAD_LAYOUTS,
      page: [64, 16],
      rows: ["1+16383_1+30_1+9", "1+30_1+16383_1+9", "1+9_0+0_1+16383"],
    }).filter(({ page, rows }) => page === 64 || rows === "1+30_1+16383_1+9"),
    // Strong scores: with flat ones a lost key of 16,000 moves less than rounding does.
    spec: { group: 1, window: 600, scale: 1 },
  }),
  defineAttendTest({
    id: "kernel:size:splits",
    clauses: ["numerics/c16", "softmax/learned-sink"],
    description: "Rows split by dozens are merged whole",
    cases: grid({ split: [16, 32, 64], learned: [false, true], cached: [700, 1500] }),
    spec: ({ cached }) => ({
      rows: `1+${cached}_1+40_2+${cached - 100}`,
      group: 2,
      sinks: 4,
      scale: 0.5,
    }),
  }),
  defineAttendTest({
    id: "kernel:size:group",
    clauses: ["shape/group", "mixed/batch"],
    description: "Groups of up to 64 query heads share a KV head",
    cases: [
      { group: 24, size: 64, storage: "bf16" },
      { group: 32, size: 64, storage: "f16" },
      { group: 64, size: 64, storage: "bf16" },
    ],
    spec: { kinds: "wf", rows: "1+47_1+20_3+64" },
  }),
  defineAttendTest({
    id: "kernel:size:windows",
    clauses: ["mask/several-windows"],
    description: "Heads of one call keep windows of their own",
    cases: grid({
      layout: HEAD_LAYOUTS,
      windows: ["24_9_0_50", "1_16_17_0", "100_0_2_64"],
      sinks: [0, 4],
    }),
    spec: { kinds: "wwww", group: 2, rows: "1+90_5+45_1+64" },
  }),
  defineAttendTest({
    id: "kernel:size:wide",
    clauses: ["layout/id-spaces-distinct", "kernel/no-overread"],
    description: "Ids past 16 bits and offsets past 31 and 32 bits name pages of their own",
    needs: ({ width }) => [WIDTHS[width]],
    cases: grid({
      layout: HEAD_LAYOUTS,
      width: ["ids_16", "offsets_31"],
      rows: ["1+900_1+700", "20+600"],
    }),
    spec: ({ width }) => ({ page: width === "ids_16" ? 16 : 256, group: 1, scale: 0.5 }),
    run: async (kernel, dense, { width }) => {
      const step = width === "ids_16" ? 2 ** 16 : 2 ** 31 / elementsOfId(dense.shape);
      const { problem, pageIds } = spreadPages(dense, {
        poolPages: 4 * step,
        idOf: (each) => Math.floor(each / 3) + (each % 3) * step,
      });
      const reply = requireOk("attendSparse", await kernel.attendSparse!(problem, { pageIds }));
      return judgeReply(dense, reply);
    },
  }),
  defineAppendTest({
    id: "kernel:size:append",
    clauses: ["layout/write-follows-table", "mixed/batch"],
    description: "Appends of dozens of slots and long chunks reach the pages of their own rows",
    cases: grid({ layout: HEAD_LAYOUTS, rows: ["many_slots", "200+9_1+30_0+4", "1+3000_1+9"] }),
    spec: ({ rows }) => ({ rows: rows === "many_slots" ? decodeRows(40) : rows, group: 1 }),
  }),
];
