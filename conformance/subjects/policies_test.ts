/** Allocators that are merely different are conformant, and wrong ones are not for being so. */
import assert from "node:assert/strict";
import type { Policies } from "../policies.ts";
import { listTestsWith } from "../registry.ts";
import type { Subject } from "../subject.ts";
import { judge, type Judged } from "../testing_judge.ts";
import { createPolicySubject, type PolicySubject } from "./testing_policies.ts";

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
