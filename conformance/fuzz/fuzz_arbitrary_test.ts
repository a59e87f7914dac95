import assert from "node:assert/strict";
import fc from "fast-check";
import { HEADWISE_ALLOCATOR_CAPABILITIES } from "../subjects/headwise_allocator.ts";
import type { Capability } from "../subject.ts";
import { fuzzProgramArbitrary } from "./fuzz_arbitrary.ts";
import type { FuzzProgram } from "./fuzz_program.ts";

const ALL = new Set<Capability>(HEADWISE_ALLOCATOR_CAPABILITIES);
type Spec = FuzzProgram["spec"];

/** Values of a field in 200 sequences. */
function valuesOf(
  field: keyof Spec,
  claims: ReadonlySet<Capability>,
  o: { layout?: Spec["layout"]; capture?: boolean } = {},
): Set<unknown> {
  const source = { layout: "pooled", capture: false, maxCommands: 3, claims, ...o } as const;
  const programs = fc.sample(fuzzProgramArbitrary(source), { numRuns: 200, seed: 7 });
  return new Set(programs.map(({ spec }) => spec[field]));
}

Deno.test("fuzzProgramArbitrary() varies what an allocator claims, and leaves the rest as it is", () => {
  const fields: readonly (readonly [Capability, keyof Spec, unknown, readonly unknown[]])[] = [
    ["allocator.recycle", "recycle", false, [true, false]],
    ["allocator.preallocation", "preallocatedPages", 0, [0, 2]],
    ["allocator.sinks", "sinkTokens", 0, [0, 16, 20]],
    ["allocator.layer_groups", "layerGroups", 1, [1, 2]],
  ];
  for (const [claim, field, plain, varied] of fields) {
    assert.deepEqual([...valuesOf(field, ALL)].sort(), [...varied].sort(), claim);
    const without = new Set([...ALL].filter((each) => each !== claim));
    assert.deepEqual(valuesOf(field, without), new Set([plain]), `without ${claim}`);
  }
});

Deno.test("fuzzProgramArbitrary() has one group in the uniform layout, and one size for a device", () => {
  assert.deepEqual(valuesOf("layerGroups", ALL, { layout: "uniform" }), new Set([1]));
  assert.deepEqual(valuesOf("pagesPerHead", ALL, { capture: true }), new Set([24]));
  assert.deepEqual(valuesOf("pagesPerHead", ALL).size, 4);
});
