/** Tests of head kinds and of tensor parallelism. */
import { requireEqual, requireSameElements } from "../acceptance.ts";
import type { JudgedAllocator } from "../guard.ts";
import { PASS } from "../outcome.ts";
import type { CacheSpec, Reply } from "../subject.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { defineAllocatorTest } from "./allocator_case.ts";
import {
  cacheSpec,
  HEAD_LAYOUTS,
  layoutCapability,
  listedHeads,
  windowHeads,
} from "./cache_spec.ts";
import { idAt } from "./check_snapshot.ts";
import { Driver, requireOk, requireRefused } from "./driver.ts";
import { countWindowHeads } from "./resolve_kinds.ts";

/** What an allocator needs that ranks share, and recycle. */
const RANK_NEEDS = ["allocator.heads", "allocator.tensor_parallel", "allocator.recycle"] as const;

/** Asks for a rank's heads, by either command that names ranks. */
function shareOut(
  allocator: JudgedAllocator,
  command: "shard" | "create",
  o: {
    readonly kvHeads: number;
    readonly queryHeads: number;
    readonly ranks: number;
    readonly rank: number;
  },
): Promise<Reply<unknown>> {
  const { kvHeads, queryHeads, ...tensorParallel } = o;
  return command === "shard"
    ? allocator.shard({ kvHeadsGlobal: kvHeads, queryHeadsGlobal: queryHeads, ...tensorParallel })
    : allocator.create(cacheSpec({ kvHeads, queryHeads, tensorParallel }));
}

/** Grows and recycles a request on each rank of a model of eight KV heads. */
async function recycleOnRanks(
  allocator: JudgedAllocator,
  changes: Partial<CacheSpec>,
  ranks: number,
): Promise<typeof PASS> {
  for (let rank = 0; rank < ranks; rank++) {
    const sizes = { kvHeads: 8, queryHeads: 16, tensorParallel: { ranks, rank } };
    const driver = await Driver.create(allocator, { ...sizes, ...changes });
    await driver.growAndRecycle(0, 256);
  }
  return PASS;
}

/** Answers, page counts and recycled columns of a fixed sequence of commands on one rank. */
async function traceRank(allocator: JudgedAllocator, spec: CacheSpec): Promise<Int32Array> {
  requireOk("create", await allocator.create(spec));
  const trace: number[] = [];
  const answers = ["allocated", "shortage", "refused"];
  for (const lengthTokens of [64, 128, 200, 256, 320, 512]) {
    for (const slot of [0, 1, 2]) {
      const command = lengthTokens === 64 ? "admit" : "extend";
      const reply = await allocator[command]({ slot, lengthTokens });
      trace.push(answers.indexOf(reply.kind));
      if (reply.kind === "allocated" && allocator.policies.recycleMoment !== "in-extend") {
        const question = { slot, lengthTokens, nextPositionTokens: lengthTokens };
        trace.push(requireOk("recycle", await allocator.recycle(question)));
      }
      const { table, freePages } = await allocator.snapshot();
      trace.push(...table.map((id) => Math.min(id, 0)), ...freePages);
    }
  }
  return Int32Array.from(trace);
}

export const rankTests: readonly TestDefinition[] = [
  defineAllocatorTest({
    id: "allocator:head_kinds:pattern",
    clauses: ["mask/head-kinds", "declare/policy"],
    description: "A pattern with a ratio makes as many window heads as declared, at its end",
    needs: ["allocator.heads", "allocator.recycle"],
    cases: grid({
      layout: HEAD_LAYOUTS,
      pattern: ["first", "last"],
      ratio: [0, 0.2, 0.25, 0.3, 0.5, 0.75, 0.99, 1],
    }),
    spec: ({ pattern, ratio }) => ({ heads: windowHeads(ratio, pattern) }),
    run: async (driver, { pattern, ratio }) => {
      const { policies } = driver.allocator;
      await driver.growAndRecycle(0, 256);
      const snapshot = await driver.checkState();
      if (policies.deadColumns === "stale") return;
      const holes = [0, 1, 2, 3].filter((row) =>
        idAt(snapshot, { slot: 0, row, column: 0 }) === -1
      );
      const count = countWindowHeads(4, ratio, policies.headRounding);
      const expected = [0, 1, 2, 3].slice(pattern === "first" ? 0 : 4 - count).slice(0, count);
      requireEqual("window heads", holes.join(), expected.join());
    },
  }),
  defineTest({
    id: "allocator:head_kinds:bad_ratio",
    clauses: ["mask/head-kinds"],
    description: "A ratio outside [0, 1] is an error",
    needs: ({ layout }) => [layoutCapability(layout)],
    cases: grid({ layout: HEAD_LAYOUTS, ratio: ["-0.25", "1.25", "100", "NaN"] }),
    run: async ({ allocator, params: { layout, ratio } }) => {
      const heads = windowHeads(Number(ratio));
      requireRefused("create", await allocator.create(cacheSpec({ layout, heads })));
      return PASS;
    },
  }),
  defineAllocatorTest({
    id: "allocator:head_kinds:list",
    clauses: ["mask/head-kinds"],
    description: "Window heads may stand anywhere in the list",
    needs: ["allocator.recycle"],
    cases: grid({ layout: HEAD_LAYOUTS, kinds: ["fwff", "wfwf", "fwwf"] }),
    spec: ({ kinds }) => ({ heads: listedHeads([kinds, kinds]) }),
    run: async (driver) => void await driver.growAndRecycle(0, 256),
  }),
  defineTest({
    id: "allocator:tensor_parallel:divisible",
    clauses: ["tp/divisible"],
    description:
      "Heads that divide are shared out evenly; fewer KV heads than ranks are replicated",
    needs: () => ["allocator.tensor_parallel"],
    cases: [
      { kv: 8, query: 64, ranks: 1 },
      { kv: 8, query: 64, ranks: 2 },
      { kv: 8, query: 64, ranks: 8 },
      { kv: 4, query: 20, ranks: 4 },
      { kv: 4, query: 64, ranks: 8 },
      { kv: 1, query: 16, ranks: 2 },
    ],
    run: async ({ allocator, params: { kv, query, ranks } }) => {
      for (let rank = 0; rank < ranks; rank++) {
        const question = { kvHeadsGlobal: kv, queryHeadsGlobal: query, ranks, rank };
        const shard = requireOk("shard", await allocator.shard(question));
        requireEqual("KV heads on the rank", shard.kvHeads, kv < ranks ? 1 : kv / ranks);
        requireEqual("query heads on the rank", shard.queryHeads, query / ranks);
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:tensor_parallel:indivisible",
    clauses: ["tp/divisible"],
    description: "Heads that do not divide are a configuration error, before anything is allocated",
    needs: ({ command }) => [
      "allocator.tensor_parallel",
      command === "create" && "allocator.headwise",
    ],
    cases: grid({
      command: ["shard", "create"],
      heads: ["8-64-3", "4-64-3", "8-60-8", "6-48-4", "2-6-4", "1-6-4"],
    }),
    run: async ({ allocator, params: { command, heads } }) => {
      const [kvHeads = 0, queryHeads = 0, ranks = 0] = heads.split("-").map(Number);
      for (let rank = 0; rank < ranks; rank++) {
        const reply = await shareOut(allocator, command, { kvHeads, queryHeads, ranks, rank });
        requireRefused(`${command} of rank ${rank}`, reply);
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:tensor_parallel:bad_rank",
    clauses: ["tp/divisible"],
    description: "A rank that is none of the ranks is a configuration error",
    needs: ({ command }) => [
      "allocator.tensor_parallel",
      command === "create" && "allocator.headwise",
    ],
    cases: grid({ command: ["shard", "create"], kv: [8, 2], rank: [-1, 4, 7] }),
    run: async ({ allocator, params: { command, kv, rank } }) => {
      const sizes = { kvHeads: kv, queryHeads: 64, ranks: 4, rank };
      requireRefused(command, await shareOut(allocator, command, sizes));
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:tensor_parallel:agreement",
    clauses: ["tp/rank-agreement"],
    description: "Ranks given the same requests give the same answers and recycle the same columns",
    needs: ({ layout }) => [layoutCapability(layout), ...RANK_NEEDS],
    cases: grid({ layout: HEAD_LAYOUTS, ranks: [2, 4], order: ["identity", "shuffled"] }),
    run: async ({ allocator, params: { layout, ranks, order }, seed }) => {
      const spec = cacheSpec({
        layout,
        layers: 1,
        kvHeads: 8,
        queryHeads: 8,
        pagesPerHead: 20,
        heads: listedHeads([ranks === 4 ? "wfwfwfwf" : "wwwwwwww"]),
      });
      const traces: Int32Array[] = [];
      for (let rank = 0; rank < ranks; rank++) {
        const shuffleSeed = order === "identity" ? null : (seed ^ rank) >>> 0;
        traces.push(
          await traceRank(allocator, { ...spec, shuffleSeed, tensorParallel: { ranks, rank } }),
        );
      }
      for (const [rank, trace] of traces.entries()) {
        requireSameElements(`decisions of rank ${rank}`, trace, traces[0] ?? []);
      }
      return PASS;
    },
  }),
  defineTest({
    id: "allocator:tensor_parallel:pattern",
    clauses: ["mask/head-kinds", "tp/rank-agreement"],
    description: "A pattern makes the window heads of each rank that the declared scope says",
    needs: ({ layout }) => [layoutCapability(layout), ...RANK_NEEDS],
    cases: grid({
      layout: HEAD_LAYOUTS,
      ranks: [2, 4, 16],
      pattern: ["first", "last"],
      ratio: [0.25, 0.5],
    }),
    run: ({ allocator, params: { layout, ranks, pattern, ratio } }) =>
      recycleOnRanks(allocator, { layout, heads: windowHeads(ratio, pattern) }, ranks),
  }),
  defineTest({
    id: "allocator:tensor_parallel:list",
    clauses: ["mask/head-kinds"],
    description: "A list names heads of the model, so that ranks differ and each recycles its own",
    needs: ({ layout }) => [layoutCapability(layout), ...RANK_NEEDS],
    // With more ranks than heads each head is that of several ranks in a row.
    cases: grid({ layout: HEAD_LAYOUTS, ranks: [2, 4, 16], kinds: ["wwwffffw", "fwfwwwff"] }),
    run: ({ allocator, params: { layout, ranks, kinds } }) =>
      recycleOnRanks(allocator, { layout, heads: listedHeads([kinds, kinds]) }, ranks),
  }),
];
