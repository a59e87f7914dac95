/** Subjects that do what engines rarely do, and nothing wrong: none of them is rejected. */
import assert from "node:assert/strict";
import { parseQuery } from "../query.ts";
import { caseRows } from "../report.ts";
import { runConformance } from "../run.ts";
import type { AllocatorSnapshot, AllocatorSubject, CacheSpec, KernelSubject } from "../subject.ts";
import { createHeadwiseAllocator, HEADWISE_ALLOCATOR_CAPABILITIES } from "./headwise_allocator.ts";
import { createOracleSubject } from "./oracle.ts";

/** Ids from the last of a pool down. */
function descending(good: AllocatorSubject): AllocatorSubject {
  let spec: CacheSpec | null = null;
  const last = (): number => {
    const { layout, pagesPerHead, kvHeads, tensorParallel: { ranks } } = spec!;
    return layout === "pooled"
      ? pagesPerHead * Math.max(1, kvHeads / ranks) * groups - 1
      : pagesPerHead - 1;
  };
  let groups = 1;
  const turned = (table: Int32Array): Int32Array => table.map((id) => id < 0 ? id : last() - id);
  return {
    ...good,
    create: async (asked) => {
      spec = asked;
      const reply = await good.create(asked);
      groups = reply.kind === "ok" ? (await good.snapshot()).layerGroups : 1;
      return reply;
    },
    returnPages: ({ pool, ids }) =>
      good.returnPages({ pool, ids: ids.map((id) => id < 0 || id > last() ? id : last() - id) }),
    snapshot: async (): Promise<AllocatorSnapshot> => {
      const snapshot = await good.snapshot();
      const { table, draftTable, workerTable } = snapshot;
      return {
        ...snapshot,
        table: turned(table),
        draftTable: draftTable && turned(draftTable),
        ...(workerTable === undefined ? {} : { workerTable: turned(workerTable) }),
      };
    },
  };
}

/** Rows with columns that no request reaches. */
function wide(good: AllocatorSubject): AllocatorSubject {
  return {
    ...good,
    create: (spec) => {
      const needed = Math.ceil(spec.modelLengthTokens / spec.pageSizeTokens);
      return good.create({ ...spec, columns: spec.columns ?? needed + 5 });
    },
  };
}

/** Late releases that are not worth a word. */
function silent(good: AllocatorSubject): AllocatorSubject {
  return {
    ...good,
    release: async (o) => {
      const reply = await good.release(o);
      const isLate = reply.kind === "refused" && o.request !== undefined;
      return isLate ? { kind: "ok", value: 0 } : reply;
    },
  };
}

const ALLOCATORS = { descending, wide, silent };

for (const [name, change] of Object.entries(ALLOCATORS)) {
  Deno.test(`an allocator that is ${name} is conformant`, async () => {
    const { rows } = await runConformance({
      subject: {
        name,
        capabilities: new Set(HEADWISE_ALLOCATOR_CAPABILITIES),
        allocator: change(createHeadwiseAllocator()),
      },
      filters: [
        "allocator:pool",
        "allocator:table",
        "allocator:lifetime",
        "allocator:slots",
        "allocator:prefix",
        "allocator:recycle:in_flight",
        "allocator:abort",
        "allocator:size:moves",
      ].map(parseQuery),
    });
    const bad = caseRows(rows).filter(({ outcome }) => outcome.kind !== "pass");
    assert.deepEqual(bad.slice(0, 3).map(({ query, outcome }) => [query, outcome]), []);
    assert.ok(rows.length > 150);
  });
}

/** Kernels that claim little: one storage type, and outputs alone. */
const KERNELS = {
  "of float16 alone": { lacks: ["kernel.bf16"] },
  "without log-sum-exps, sinks, splits or masks": {
    lacks: [
      "kernel.log_sum_exp",
      "kernel.sinks",
      "kernel.learned_sinks",
      "kernel.splits",
      "kernel.two_passes",
      "kernel.mask_ranges",
      "kernel.tree_mask",
      "kernel.into",
      "kernel.capture",
    ],
  },
} as const;

for (const [name, { lacks }] of Object.entries(KERNELS)) {
  Deno.test(`a kernel ${name} is conformant`, async () => {
    const { kernel, capabilities } = createOracleSubject();
    const good = kernel as KernelSubject;
    const claims = capabilities.difference(new Set(lacks));
    const takes = (storage: string): boolean => claims.has(`kernel.${storage}` as never);
    const refusal = { kind: "refused", code: "dtype", message: "no such type" } as const;
    const { rows } = await runConformance({
      subject: {
        name,
        capabilities: claims,
        kernel: {
          ...good,
          attend: async (problem, o) => {
            if (!takes(problem.shape.storage)) return refusal;
            // Who has no sinks is never asked for them.
            if (problem.sinkTokens > 0 && !claims.has("kernel.sinks")) return refusal;
            const reply = await good.attend(problem, o);
            return reply.kind === "refused" || claims.has("kernel.log_sum_exp")
              ? reply
              : { kind: "ok", value: { ...reply.value, logSumExp: null } };
          },
          append: async (problem) =>
            takes(problem.shape.storage) ? await good.append(problem) : refusal,
        },
      },
      filters: [
        "kernel:attend:layout",
        "kernel:attend:recycling",
        "kernel:attend:long_row",
        "kernel:mask",
        "kernel:sentinel",
        "kernel:size:slots",
        "kernel:edge",
        "kernel:append:layout",
      ]
        .map(parseQuery),
    });
    const bad = caseRows(rows).filter(({ outcome: { kind } }) =>
      kind !== "pass" && kind !== "skip"
    );
    assert.deepEqual(bad.slice(0, 3).map(({ query, outcome }) => [query, outcome]), []);
    const passed = caseRows(rows).filter(({ outcome }) => outcome.kind === "pass").length;
    assert.ok(passed > 15, `${passed} passed`);
  });
}
