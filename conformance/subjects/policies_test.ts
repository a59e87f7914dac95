/** Allocators that are merely different are conformant, and wrong ones are not for being so. */
import assert from "node:assert/strict";
import { listTestsWith } from "../registry.ts";
import { judge, type Judged } from "../testing_judge.ts";
import { countWindowHeads } from "../suites/resolve_kinds.ts";
import { type Policies, resolvePolicies } from "../policies.ts";
import type {
  AllocatorSnapshot,
  AllocatorSubject,
  CacheSpec,
  Capability,
  Refusal,
  Subject,
} from "../subject.ts";
import { createHeadwiseAllocator, HEADWISE_ALLOCATOR_CAPABILITIES } from "./headwise_allocator.ts";

/** An allocator by what it declares. */
interface PolicySubject {
  readonly name: string;
  readonly policies: Partial<Policies>;
  /** What it cannot do at all. */
  readonly lacks?: readonly Capability[];
}

/** Makes an allocator that keeps to a declaration, out of this project's. */
function createPolicySubject({ name, policies, lacks = [] }: PolicySubject): Subject {
  const claims = new Set(HEADWISE_ALLOCATOR_CAPABILITIES).difference(new Set(lacks));
  const o = { policies: resolvePolicies(policies), claims };
  const allocator = withPolicies(createHeadwiseAllocator(), o);
  return { name, policies, capabilities: claims, allocator };
}

function withPolicies(
  good: AllocatorSubject,
  { policies, claims }: { readonly policies: Policies; readonly claims: ReadonlySet<Capability> },
): AllocatorSubject {
  let spec: CacheSpec | null = null;
  let stale: Int32Array = new Int32Array();
  const held = (): CacheSpec => spec!;
  const lengthOf = async (slot: number): Promise<number> =>
    (await good.snapshot()).lengthsTokens[slot] ?? 0;
  // This project's allocator acts at page boundaries; what is dead in between is dead there too.
  const recycleNow = async (slot: number, next: number, length: number): Promise<number> => {
    const { pageSizeTokens } = held();
    const whole = Math.ceil(length / pageSizeTokens) * pageSizeTokens;
    if (length === 0) return 0;
    const reply = await good.recycle({
      slot,
      nextPositionTokens: Math.min(next, whole),
      lengthTokens: whole,
    });
    await good.extend({ slot, lengthTokens: length });
    return reply.kind === "ok" ? reply.value : 0;
  };
  const clamped = (lengthTokens: number, columns: number): number =>
    policies.endOfRow === "clamp"
      ? Math.min(lengthTokens, held().modelLengthTokens, columns * held().pageSizeTokens)
      : lengthTokens;
  const grow = async (
    command: "admit" | "extend",
    o: { slot: number; lengthTokens: number; request?: number },
  ) => {
    const { columns } = await good.snapshot();
    if (command === "extend" && policies.recycleMoment === "in-extend") {
      const before = await lengthOf(o.slot);
      if (before > 0) await recycleNow(o.slot, before, before);
    }
    const reply = await good[command]({ ...o, lengthTokens: clamped(o.lengthTokens, columns) });
    await remember();
    return reply.kind === "shortage" && policies.shortage === "bare"
      ? { kind: "shortage" } as const
      : reply;
  };
  const remember = async (): Promise<void> => {
    if (policies.deadColumns !== "stale") return;
    const { table } = await good.snapshot();
    stale = table.map((id, index) => id < 0 ? stale[index] ?? -1 : id);
  };
  const show = (table: Int32Array): Int32Array => {
    const kept = policies.deadColumns === "stale"
      ? table.map((id, index) => id < 0 ? stale[index] ?? -1 : id)
      : table;
    return policies.nullId === 0 ? kept.map((id) => id + 1) : kept;
  };
  return {
    ...good,
    create: (asked) => {
      if (asked.kvHeads > 1 && !claims.has("allocator.heads")) return refused("One row a group");
      if (asked.prefixSharing && !claims.has("allocator.prefix_sharing")) {
        return refused("Prefixes are not shared");
      }
      spec = asked;
      stale = new Int32Array();
      return good.create(withKinds(asked, policies));
    },
    returnPages: ({ pool, ids }) => {
      if (policies.nullId === -1) return good.returnPages({ pool, ids });
      return ids.includes(0)
        ? refused("The null page is no one's to return")
        : good.returnPages({ pool, ids: ids.map((id) => id - 1) });
    },
    admit: (o) => grow("admit", o),
    extend: (o) => grow("extend", o),
    recycle: async (o) => {
      if (policies.recycleMoment === "in-extend") {
        throw new Error("Cannot recycle: there is no such command");
      }
      await remember();
      const impossible = o.nextPositionTokens > o.lengthTokens || o.nextPositionTokens < 0 ||
        o.slot >= held().slots;
      return policies.recycleMoment === "boundary" || impossible
        ? await good.recycle(o)
        : { kind: "ok", value: await recycleNow(o.slot, o.nextPositionTokens, o.lengthTokens) };
    },
    snapshot: async (): Promise<AllocatorSnapshot> => {
      const snapshot = await good.snapshot();
      const { draftTable, workerTable, freePages } = snapshot;
      const capacity = held().layout === "pooled"
        ? held().pagesPerHead * snapshot.kvHeads * snapshot.layerGroups
        : held().pagesPerHead;
      const availability = {
        heads: snapshot.availability,
        "uniform-pages": Math.min(...freePages) / capacity,
        none: -1,
      }[policies.availability];
      return {
        ...snapshot,
        availability,
        table: show(snapshot.table),
        draftTable: draftTable === null ? null : show(draftTable),
        ...(workerTable === undefined ? {} : { workerTable: show(workerTable) }),
      };
    },
  };
}

function refused(message: string): Promise<Refusal> {
  return Promise.resolve({ kind: "refused", code: "policy", message });
}

/** A pattern as a list, where it is not resolved as this project does. */
function withKinds(spec: CacheSpec, { headRounding, patternScope }: Policies): CacheSpec {
  const { heads, kvHeads, tensorParallel: { ranks } } = spec;
  if (heads.kind === "layers" || !(heads.ratio >= 0 && heads.ratio <= 1)) return spec;
  if (kvHeads >= ranks && kvHeads % ranks !== 0) return spec;
  const scope = patternScope === "model" ? kvHeads : Math.max(1, kvHeads / ranks);
  const count = countWindowHeads(scope, heads.ratio, headRounding);
  const kinds = Array.from({ length: kvHeads }, (_, index) => {
    const head = index % scope;
    const isWindow = heads.pattern === "first" ? head < count : head >= scope - count;
    return isWindow ? "window" : "full";
  });
  const kindsByLayer = Array.from({ length: spec.layers }, () => kinds);
  return { ...spec, heads: { kind: "layers", kindsByLayer } };
}

const MOVES = ["allocator.moves", "allocator.draft", "allocator.worker_rows"] as const;

const SUBJECTS: PolicySubject[] = [
  { name: "nearest", policies: { headRounding: { mode: "nearest", least: 0 } } },
  { name: "ceil, at least two", policies: { headRounding: { mode: "ceil", least: 2 } } },
  { name: "patterns over the model", policies: { patternScope: "model" } },
  { name: "recycles whenever it is safe", policies: { recycleMoment: "any-safe" } },
  { name: "clamps", policies: { endOfRow: "clamp" } },
  { name: "null page", policies: { nullId: 0 } },
  { name: "stale columns", policies: { deadColumns: "stale" }, lacks: MOVES },
  { name: "bare shortage", policies: { shortage: "bare" } },
  { name: "no availability", policies: { availability: "none" } },
  { name: "uniform availability", policies: { availability: "uniform-pages" } },
  {
    name: "as a hybrid cache manager",
    policies: {
      recycleMoment: "in-extend",
      nullId: 0,
      deadColumns: "stale",
      shortage: "bare",
      availability: "uniform-pages",
      endOfRow: "clamp",
    },
    lacks: [
      ...MOVES,
      "allocator.sinks",
      "allocator.fence",
      "allocator.transfer",
      "allocator.admission",
      "allocator.preallocation",
      "allocator.prefix_sharing",
      "allocator.request_ids",
      "allocator.return_pages",
      "validator",
    ],
  },
];

SUBJECTS.push({
  ...SUBJECTS.at(-1)!,
  name: "as a hybrid cache manager, with a row per layer group",
  lacks: [
    ...SUBJECTS.at(-1)!.lacks ?? [],
    "allocator.heads",
    "allocator.uniform",
    "allocator.headwise",
    "allocator.tensor_parallel",
  ],
});

function judgeAllocator(subject: Subject): Promise<Judged> {
  const tests = listTestsWith({ fuzz: { sequences: 90, seed: 1 } })
    // What takes long there does not depend on policies.
    .filter(({ id }) => /^(?:allocator:(?!size:|[^:]*:truth$)|fuzz:allocator:)/.test(id));
  return judge({ subject, tests });
}

for (const each of SUBJECTS) {
  Deno.test(`an allocator that declares "${each.name}" is conformant`, async () => {
    const { bad, summary } = await judgeAllocator(createPolicySubject(each));
    assert.deepEqual(bad.slice(0, 5), []);
    assert.ok(summary.passed > 60, `${summary.passed} cases`);
  });
}

Deno.test("an allocator that does otherwise than it declares is not conformant", async () => {
  const undeclared: Partial<Policies>[] = [
    { headRounding: { mode: "ceil", least: 0 } },
    { patternScope: "model" },
    { recycleMoment: "any-safe" },
    { nullId: 0 },
    { deadColumns: "stale" },
    { shortage: "bare" },
    { availability: "none" },
  ];
  for (const policies of undeclared) {
    const { policies: _, ...subject } = createPolicySubject({ name: "silent", policies });
    const { bad } = await judgeAllocator(subject);
    assert.ok(bad.length > 0, JSON.stringify(policies));
  }
});
