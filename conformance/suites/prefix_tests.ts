/** Tests of prefixes that several requests share: who holds their pages, and for how long. */
import { createRandom, type Layout } from "../../allocator/mod.ts";
import { requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import type { JudgedAllocator } from "../guard.ts";
import { Mismatch, PASS } from "../outcome.ts";
import type { AllocatorSnapshot, CacheSpec, Capability } from "../subject.ts";
import { type CaseParams, defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { cacheSpec, HEAD_LAYOUTS, layoutCapability, LAYOUTS } from "./cache_spec.ts";
import { entryIndex, idAt, rowsOf } from "./check_snapshot.ts";
import { claimedSpec, requireOk } from "./driver.ts";
import { PrefixPlay } from "./prefix_contents.ts";
import { resolveKinds } from "./resolve_kinds.ts";
import { takeSnapshot } from "./take_snapshot.ts";

const PAGE = 16;
/** Blocks of the prefix that requests have in common. */
const PREFIX: readonly number[] = [11, 12, 13, 14, 15, 16];

/** Commands of a case that draws them. */
const COMMANDS = 160;

function prefixSpec(layout: Layout, changes: Partial<CacheSpec> = {}): CacheSpec {
  return cacheSpec({ layout, prefixSharing: true, recycle: false, ...changes });
}

/**
 * The spec as an allocator can take it. Where rows are those of layer groups, layers that recycle
 * nothing are of one kind: engines make one group of them.
 */
function claimedPrefixSpec(allocator: JudgedAllocator, spec: CacheSpec): CacheSpec {
  const oneKind = !spec.recycle && !allocator.claims.has("allocator.heads");
  return claimedSpec(allocator, oneKind ? { ...spec, windowTokens: 0 } : spec);
}

/** Admits the first owner in slot 0 and caches what it has computed of its prefix. */
async function cacheFirst(
  allocator: JudgedAllocator,
  o: { readonly spec: CacheSpec; readonly cachedTokens: number },
): Promise<void> {
  const { spec, cachedTokens } = o;
  requireOk("create", await allocator.create(claimedPrefixSpec(allocator, spec)));
  const lengthTokens = PREFIX.length * PAGE + 5;
  const first = await allocator.admitShared!({ slot: 0, lengthTokens, blocks: PREFIX });
  requireEqual("answer to the first owner", first.kind, "allocated");
  if (first.kind === "allocated") {
    requireEqual("tokens found in an empty cache", first.hitTokens, 0);
  }
  const cached = { slot: 0, blocks: PREFIX, cachedTokens };
  const added = requireOk("cachePrefix", await allocator.cachePrefix!(cached));
  requireEqual("blocks that were new", added, Math.floor(cachedTokens / PAGE));
}

/** Admits a sharer; gives the tokens that it found. */
async function share(
  allocator: JudgedAllocator,
  o: { slot: number; lengthTokens: number; blocks: readonly number[] },
): Promise<number> {
  const reply = await allocator.admitShared!(o);
  if (reply.kind !== "allocated") {
    throw new Mismatch(`Expected a sharer to be admitted, found "${reply.kind}"`);
  }
  return reply.hitTokens;
}

/** Admits a request of other contents. */
async function requireRoom(
  allocator: JudgedAllocator,
  what: string,
  o: Parameters<typeof share>[1],
): Promise<void> {
  requireEqual(`answer to ${what}`, (await allocator.admitShared!(o)).kind, "allocated");
}

function freeOf(snapshot: AllocatorSnapshot): number {
  return snapshot.freePages.reduce((sum, pages) => sum + pages, 0);
}

/** The ids of a slot, as text. */
async function rowsBefore(allocator: JudgedAllocator, slot: number): Promise<string> {
  const snapshot = await takeSnapshot(allocator);
  const rows = Array.from({ length: rowsOf(snapshot) }, (_, row) => {
    const start = entryIndex(snapshot, { slot, row, column: 0 });
    return snapshot.table.slice(start, start + snapshot.columns).join();
  });
  return rows.join(";");
}

/** Requires that slots name no page together, and none twice. */
export async function requireApart(
  allocator: JudgedAllocator,
  slots: readonly number[],
): Promise<void> {
  const snapshot = await takeSnapshot(allocator);
  const holders = new Map<string, string>();
  for (const slot of slots) {
    for (let row = 0; row < rowsOf(snapshot); row++) {
      for (let column = 0; column < snapshot.columns; column++) {
        const id = idAt(snapshot, { slot, row, column });
        if (id < 0) continue;
        const key = snapshot.layout === "headwise" ? `${row}:${id}` : String(id);
        const place = `slot ${slot}, row ${row}, column ${column}`;
        const other = holders.get(key);
        requireThat(
          other === undefined,
          `Expected one holder of page ${id}, found ${other} and ${place}`,
        );
        holders.set(key, place);
      }
    }
  }
}

/** A test of what becomes of a prefix that the owner of slot 0 has cached. */
interface PrefixTest<P extends CaseParams & { readonly layout: Layout }>
  extends Omit<TestDefinition<P>, "needs" | "run"> {
  /** What a case needs beside its layout and shared prefixes. */
  readonly needs?: readonly Capability[];
  /** Fields that differ from {@linkcode prefixSpec}. */
  readonly spec?: (params: P) => Partial<CacheSpec>;
  /** How much of the prefix is computed; all of it by default. */
  readonly cachedTokens?: (params: P) => number;
  readonly run: (allocator: JudgedAllocator, params: P, spec: CacheSpec) => Promise<void>;
}

function definePrefixTest<P extends CaseParams & { readonly layout: Layout }>(
  { needs = [], spec: changes, cachedTokens, run, ...facts }: PrefixTest<P>,
): TestDefinition {
  return defineTest<P>({
    ...facts,
    needs: ({ layout }) => [layoutCapability(layout), "allocator.prefix_sharing", ...needs],
    run: async ({ allocator, params }) => {
      const spec = prefixSpec(params.layout, changes?.(params));
      const computed = cachedTokens?.(params) ?? PREFIX.length * PAGE;
      await cacheFirst(allocator, { spec, cachedTokens: computed });
      await run(allocator, params, spec);
      return PASS;
    },
  });
}

export const prefixTests: readonly TestDefinition[] = [
  definePrefixTest({
    id: "allocator:prefix:shared",
    clauses: ["prefix/share"],
    description: "A sharer names the pages of the prefix and takes new ones for the rest alone",
    cases: grid({ layout: LAYOUTS, common: [1, 4, 6], sharers: [1, 3] }),
    run: async (allocator, { common, sharers }) => {
      for (let slot = 1; slot <= sharers; slot++) {
        const before = await takeSnapshot(allocator);
        const blocks = [...PREFIX.slice(0, common), 90 + slot, 91 + slot];
        const hit = await share(allocator, { slot, lengthTokens: common * PAGE + 20, blocks });
        requireEqual("tokens found", hit, common * PAGE);
        const after = await takeSnapshot(allocator);
        const rows = rowsOf(after);
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < common + 2; column++) {
            const own = idAt(after, { slot, row, column });
            const first = idAt(after, { slot: 0, row, column });
            const place = `row ${row}, column ${column} of slot ${slot}`;
            requireThat((own ?? -1) >= 0, `Expected a page in ${place}, found ${own}`);
            // What the sharer writes next is its own page; what it shares is complete.
            requireEqual(`${place} is the first owner's page`, own === first, column < common);
          }
        }
        requireEqual("pages taken", freeOf(before) - freeOf(after), rows * 2);
      }
    },
  }),
  definePrefixTest({
    id: "allocator:prefix:last_owner",
    clauses: ["prefix/share", "pool/conservation"],
    description: "A shared page outlives each owner but the last, and is then free for others",
    cases: grid({ layout: LAYOUTS, first_out: ["owner", "sharer"] }),
    spec: () => ({ pagesPerHead: 20 }),
    run: async (allocator, { first_out: firstOut }) => {
      const blocks = [...PREFIX, 90];
      await share(allocator, { slot: 1, lengthTokens: PREFIX.length * PAGE + 10, blocks });
      const [first, second] = firstOut === "owner" ? [0, 1] : [1, 0];
      const rows = await rowsBefore(allocator, second);
      const before = await takeSnapshot(allocator);
      requireOk("release", await allocator.release({ slot: first }));
      requireEqual("rows of the one that stays", await rowsBefore(allocator, second), rows);
      const after = await takeSnapshot(allocator);
      // Each has a page of its own behind the prefix.
      requireEqual("pages freed", freeOf(after) - freeOf(before), rowsOf(after));
      // No one may take the pages of the one that stays.
      const other = { slot: 2, lengthTokens: 12 * PAGE, blocks: [77] };
      await requireRoom(allocator, "another request", other);
      await requireApart(allocator, [second, 2]);
      requireOk("release", await allocator.release({ slot: 2 }));
      requireOk("release", await allocator.release({ slot: second }));
      // Now the whole pool is anyone's: what is merely cached makes room.
      const whole = { slot: 3, lengthTokens: 20 * PAGE, blocks: [78] };
      await requireRoom(allocator, "a request for the whole pool", whole);
      await requireApart(allocator, [3]);
    },
  }),
  definePrefixTest({
    id: "allocator:prefix:whole_prompt",
    clauses: ["prefix/share"],
    description: "A prompt that is cached to its end computes its last token, in a page of its own",
    cases: grid({ layout: LAYOUTS, pages: [1, 6] }),
    run: async (allocator, { pages }) => {
      const lengthTokens = pages * PAGE;
      const hit = await share(allocator, { slot: 1, lengthTokens, blocks: PREFIX.slice(0, pages) });
      requireThat(
        hit < lengthTokens,
        `Expected fewer than ${lengthTokens} tokens found, one is left to compute; found ${hit}`,
      );
      const snapshot = await takeSnapshot(allocator);
      for (let row = 0; row < rowsOf(snapshot); row++) {
        const [first, own] = [0, 1].map((slot) => idAt(snapshot, { slot, row, column: pages - 1 }));
        requireThat(
          own !== first,
          `Expected a page of its own in row ${row}, column ${pages - 1}, found the owner's ${own}`,
        );
      }
    },
  }),
  definePrefixTest({
    id: "allocator:prefix:chain",
    clauses: ["prefix/share"],
    description: "A block is found behind the blocks that it was cached behind, and nowhere else",
    cases: grid({
      layout: LAYOUTS,
      blocks: ["90_12_13_14", "12_13_14_15", "11_13_14_15", "12_11_13_14", "11_12_12_13"],
    }),
    run: async (allocator, { blocks: text }) => {
      const blocks = text.split("_").map(Number);
      const differs = blocks.findIndex((block, index) => block !== PREFIX[index]);
      const lengthTokens = blocks.length * PAGE + 5;
      const hit = await share(allocator, { slot: 1, lengthTokens, blocks });
      requireEqual("tokens found", hit, differs * PAGE);
    },
  }),
  definePrefixTest({
    id: "allocator:prefix:computed",
    clauses: ["prefix/share"],
    description: "Blocks that are not computed to their end are not cached",
    cases: grid({ layout: LAYOUTS, tokens: [15, 16, 40] }),
    cachedTokens: ({ tokens }) => tokens,
    run: async (allocator, { tokens }) => {
      const lengthTokens = PREFIX.length * PAGE + 5;
      const hit = await share(allocator, { slot: 1, lengthTokens, blocks: PREFIX });
      requireEqual("tokens found", hit, Math.floor(tokens / PAGE) * PAGE);
    },
  }),
  definePrefixTest({
    id: "allocator:prefix:draft_rows",
    clauses: ["prefix/share", "worker/rows-follow"],
    description: "The draft model's rows of a sharer name the shared pages too",
    needs: ["allocator.draft"],
    cases: grid({ layout: LAYOUTS }),
    spec: () => ({ draftTables: true }),
    run: async (allocator) => {
      await share(allocator, {
        slot: 2,
        lengthTokens: PREFIX.length * PAGE + 20,
        blocks: [...PREFIX, 90],
      });
      const { table, draftTable } = await takeSnapshot(allocator);
      if (draftTable === null) throw new Mismatch("Expected a draft model's table, found none");
      requireSameElements("draft model's rows", draftTable, table);
    },
  }),
  definePrefixTest({
    id: "allocator:prefix:evicted",
    clauses: ["prefix/share"],
    description: "A prefix whose pages another request took is found no more",
    cases: grid({ layout: LAYOUTS, between: ["whole-pool", "nothing"] }),
    spec: () => ({ pagesPerHead: 20 }),
    run: async (allocator, { between }) => {
      requireOk("release", await allocator.release({ slot: 0 }));
      if (between === "whole-pool") {
        const other = { slot: 2, lengthTokens: 20 * PAGE, blocks: [77] };
        await requireRoom(allocator, "another request", other);
        requireOk("release", await allocator.release({ slot: 2 }));
      }
      const lengthTokens = PREFIX.length * PAGE + 10;
      const hit = await share(allocator, { slot: 1, lengthTokens, blocks: [...PREFIX, 90] });
      requireEqual("tokens found", hit, between === "whole-pool" ? 0 : PREFIX.length * PAGE);
      await requireApart(allocator, [1]);
    },
  }),
  definePrefixTest({
    id: "allocator:prefix:windows",
    clauses: ["prefix/share", "prefix/window"],
    description: "A window head keeps, of a cached prefix, what a continuation can still see",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, window: [17, 40], common: [6, 5, 2] }),
    spec: ({ window }) => ({ recycle: true, windowTokens: window }),
    run: async (allocator, { window, common }, spec) => {
      // The first owner continues and lets go what it does not see; the cache still holds it.
      const grown = { slot: 0, lengthTokens: 160 };
      requireEqual("growth", (await allocator.extend(grown)).kind, "allocated");
      if (allocator.policies.recycleMoment === "in-extend") {
        requireEqual("answer to no growth", (await allocator.extend(grown)).kind, "allocated");
      } else {
        await allocator.recycle({ slot: 0, nextPositionTokens: 160, lengthTokens: 160 });
      }
      const end = await share(allocator, {
        slot: 1,
        lengthTokens: common * PAGE + 8,
        blocks: [...PREFIX.slice(0, common), 90],
      });
      // Where the window of a shorter prefix is gone, less of it is found, or nothing.
      if (common === PREFIX.length) requireEqual("tokens found", end, common * PAGE);
      requireThat(end <= common * PAGE, `Expected ${common} blocks at most, found ${end} tokens`);
      const snapshot = await takeSnapshot(allocator);
      const kinds = resolveKinds(claimedSpec(allocator, spec), allocator.policies).flat();
      for (const [row, kind] of kinds.entries()) {
        for (let key = kind === "window" ? Math.max(0, end - window + 1) : 0; key < end; key++) {
          const column = Math.floor(key / PAGE);
          const id = idAt(snapshot, { slot: 1, row, column });
          requireThat(id >= 0, `Expected the page of key ${key} in row ${row} of the sharer`);
        }
      }
      requireOk("release", await allocator.release({ slot: 1 }));
      requireOk("release", await allocator.release({ slot: 0 }));
      const whole = { slot: 3, lengthTokens: 512, blocks: [78] };
      await requireRoom(allocator, "a request for the whole pool", whole);
    },
  }),
  defineTest({
    id: "allocator:prefix:contents",
    clauses: ["prefix/share", "prefix/window", "pool/conservation"],
    description:
      "Over random requests every page that a request may read holds its own blocks, and none is lost",
    needs: ({ layout, window, sinks }) => [
      layoutCapability(layout),
      "allocator.prefix_sharing",
      window > 0 && "allocator.recycle",
      sinks > 0 && "allocator.sinks",
    ],
    cases: [
      ...grid({ layout: LAYOUTS, window: [0], sinks: [0], pages: [9, 14], draw: [1, 2] }),
      ...grid({ layout: HEAD_LAYOUTS, window: [17, 40], sinks: [0, 20], pages: [9], draw: [1, 2] }),
    ],
    run: async ({ allocator, params: { layout, window, sinks, pages }, seed }) => {
      const spec = prefixSpec(layout, {
        recycle: window > 0,
        windowTokens: window,
        sinkTokens: sinks,
        pagesPerHead: pages,
        modelLengthTokens: pages * PAGE,
      });
      const taken = claimedPrefixSpec(allocator, spec);
      const random = createRandom(seed);
      const play = await PrefixPlay.create(allocator, { spec: taken, random });
      await play.run(COMMANDS);
      return PASS;
    },
  }),
];
