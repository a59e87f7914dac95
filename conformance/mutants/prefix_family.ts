/** Subjects that find or read shared prefixes wrongly, by content. */
import { mapTable } from "../map_table.ts";
import { LAYOUTS } from "../suites/cache_spec.ts";
import { allocatorFamily, kernelLayoutFamily } from "./family.ts";
import { type Mutant, mutateAllocator, withTable } from "./mutant.ts";
import { showing } from "./snapshot_changes.ts";

export const prefixMutants: readonly Mutant[] = [
  ...allocatorFamily(
    { name: "prefix", violates: ["prefix/share"] },
    [
      {
        label: "found_by_its_second_block",
        fault: "Blocks are found by their content, whatever stands before them",
        killedBy: ["allocator:prefix:chain:blocks=90_12_13_14;*"],
        asked: (blocks: readonly number[]) =>
          blocks[1] === 12 && blocks[0] !== 11 ? [11, ...blocks.slice(1)] : blocks,
      },
      {
        label: "found_in_any_order",
        fault: "Blocks are found as a set",
        killedBy: ["allocator:prefix:chain:blocks=12_11_13_14;*"],
        asked: (blocks: readonly number[]) =>
          blocks.includes(11) ? [...blocks].sort((left, right) => left - right) : blocks,
      },
    ],
    ({ asked }) => (good) => ({
      admitShared: (o) => good.admitShared!({ ...o, blocks: asked(o.blocks) }),
    }),
  ),
  mutateAllocator({
    name: "prefix_cached_before_it_is_computed",
    fault: "Every block of a prompt is cached, computed or not",
    origin: "field",
    violates: ["prefix/share"],
    killedBy: ["allocator:prefix:computed:*"],
  }, (good) => ({
    cachePrefix: (o) => good.cachePrefix!({ ...o, cachedTokens: 16 * o.blocks.length }),
  })),
  mutateAllocator({
    name: "prefix_missing_in_draft_rows",
    fault: "The draft model's rows of a sharer hold what is its own alone",
    violates: ["prefix/share", "worker/rows-follow"],
    killedBy: ["allocator:prefix:draft_rows"],
  }, (good) =>
    showing(good.snapshot, ({ table, draftTable, columns, layout, kvHeads, slots }) => {
      const stride = columns * (layout === "uniform" ? 1 : kvHeads);
      return {
        draftTable: draftTable?.map((id, index) => {
          const slot = Math.floor(index / stride) % slots;
          return slot > 0 && id === table[index - slot * stride] ? -1 : id;
        }) ?? null,
      };
    })),
  ...kernelLayoutFamily({
    name: "second_reader_of_a_page",
    origin: "field",
    violates: ["prefix/share"],
    fault: "a page that an earlier slot names is not read again",
    test: "kernel:attend:shared_prefix",
    layouts: LAYOUTS,
  }, (good) => ({
    attend: (problem, o) => {
      const seen = new Set<string>();
      const table = mapTable(problem, (id, { head }) => {
        const pool = problem.shape.layout === "headwise" ? head : 0;
        const isNew = id < 0 || !seen.has(`${pool}:${id}`);
        seen.add(`${pool}:${id}`);
        return isNew ? id : -1;
      });
      return good.attend(withTable(problem, table), o);
    },
  })),
];
