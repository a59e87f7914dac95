import assert from "node:assert/strict";
import type { Layout } from "../../allocator/mod.ts";
import { cacheSpec } from "../suites/cache_spec.ts";
import { DEFAULT_ATTEND, problemOf } from "../suites/kernel_case.ts";
import { allocatorFamily, kernelLayoutFamily, layoutFamily, limits, named } from "./family.ts";
import { zeros } from "./problem_changes.ts";

Deno.test("allocatorFamily() gives each member its name, its fault and its queries", () => {
  const facts = { name: "never_full", violates: ["pool/available"] } as const;
  const members = ["a", "b"].map((label) => ({
    label,
    fault: `fault ${label}`,
    killedBy: [label],
  }));
  const family = allocatorFamily(facts, members, () => () => ({}));
  assert.deepEqual(family.map(({ name }) => name), ["never_full_a", "never_full_b"]);
  assert.deepEqual(family.map(({ killedBy }) => killedBy), [["a"], ["b"]]);
});

Deno.test("layoutFamily() has its fault with one layout and is good with the others", async () => {
  const [mutant] = layoutFamily({
    name: "full",
    violates: ["pool/admission"],
    fault: "nothing fits",
    test: "allocator:admission:truth",
    layouts: ["pooled"],
  }, () => ({ canAdmit: () => Promise.resolve({ kind: "ok", value: false }) }));
  assert.equal(mutant!.name, "full_pooled");
  assert.equal(mutant!.fault, "With the pooled layout nothing fits");
  assert.deepEqual(mutant!.killedBy, ["allocator:admission:truth:layout=pooled;*"]);
  const allocator = mutant!.create().allocator!;
  const ask = async (layout: Layout): Promise<unknown> => {
    await allocator.create(cacheSpec({ layout }));
    return await allocator.canAdmit({ lengthTokens: 16, stepTokens: 16 });
  };
  assert.deepEqual(await ask("pooled"), { kind: "ok", value: false });
  assert.deepEqual(await ask("headwise"), { kind: "ok", value: true });
});

Deno.test("kernelLayoutFamily() has a mutant a variant and layout, good with the others", async () => {
  const family = kernelLayoutFamily({
    name: "zeros",
    violates: ["mask/full"],
    variants: { ...named("at_once"), ...limits([3], "after_#") },
    fault: (when) => `outputs are 0 ${when}`,
    test: (layout, variant) => `kernel:mask:${variant}:layout=${layout}`,
    layouts: ["pooled", "headwise"],
  }, () => ({ attend: (problem) => Promise.resolve(zeros(problem)) }));
  assert.deepEqual(
    family.map(({ name, fault, killedBy }) => [name, fault, killedBy[0]]).slice(1, 3),
    [
      [
        "zeros_at_once_headwise",
        "With the headwise layout outputs are 0 at once",
        "kernel:mask:at_once:layout=headwise",
      ],
      [
        "zeros_after_3_pooled",
        "With the pooled layout outputs are 0 after 3",
        "kernel:mask:3:layout=pooled",
      ],
    ],
  );
  const kernel = family[0]!.create().kernel!;
  const isZero = async (layout: Layout): Promise<boolean> => {
    const reply = await kernel.attend(problemOf(1, { layout }), DEFAULT_ATTEND);
    return reply.kind === "ok" && reply.value.output.every((bits) => bits === 0);
  };
  assert.deepEqual([await isZero("pooled"), await isZero("headwise")], [true, false]);
});
