import assert from "node:assert/strict";
import { guardAllocator, guardKernel } from "../guard.ts";
import type { CacheSpec } from "../subject.ts";
import { HEADWISE_ALLOCATOR_CAPABILITIES } from "../subjects/headwise_allocator.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import { casesOf } from "../test_definition.ts";
import { fuzzTests } from "./fuzz_tests.ts";

const CLAIMS = new Set(HEADWISE_ALLOCATOR_CAPABILITIES);

Deno.test("fuzzTests() varies the sizes of pools where no device compiles for them", async () => {
  const [commands] = fuzzTests({ sequences: 120, seed: 7, timeLimitMs: 600_000 });
  for (const { query, params } of casesOf(commands!)) {
    const { allocator } = createOracleSubject();
    const sizes = new Set<number>();
    const recording = {
      ...allocator!,
      create: (spec: CacheSpec) => (sizes.add(spec.pagesPerHead), allocator!.create(spec)),
    };
    const verdict = await commands!.run({
      query,
      params,
      seed: 1,
      allocator: guardAllocator(recording, { claims: CLAIMS }),
      kernel: guardKernel(undefined),
    });
    assert.equal(verdict.kind, "pass", query);
    assert.ok(sizes.size > 1, `${query}: ${[...sizes]}`);
  }
});
