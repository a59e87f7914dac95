import assert from "node:assert/strict";
import { cacheSpec } from "../suites/cache_spec.ts";
import { allocatorFamily, withLayout } from "./family.ts";

Deno.test("allocatorFamily() gives each member its name, its fault and its queries", () => {
  const facts = { name: "never_full", origin: "own", violates: ["pool/available"] } as const;
  const members = ["a", "b"].map((label) => ({
    label,
    fault: `fault ${label}`,
    killedBy: [label],
  }));
  const family = allocatorFamily(facts, members, () => () => ({}));
  assert.deepEqual(family.map(({ name }) => name), ["never_full_a", "never_full_b"]);
  assert.deepEqual(family.map(({ killedBy }) => killedBy), [["a"], ["b"]]);
});

Deno.test("withLayout() has its fault with one layout and is good with the others", async () => {
  const facts = { name: "full", origin: "own", violates: ["pool/admission"] } as const;
  const change = withLayout("pooled", (_, spec) => ({
    canAdmit: () => Promise.resolve({ kind: "ok", value: spec.layout !== "pooled" }),
  }));
  const [mutant] = allocatorFamily(facts, [{ label: "x", fault: "", killedBy: [] }], () => change);
  const allocator = mutant!.create().allocator!;
  const ask = async (layout: "headwise" | "pooled"): Promise<unknown> => {
    await allocator.create(cacheSpec({ layout }));
    return await allocator.canAdmit({ lengthTokens: 16, stepTokens: 16 });
  };
  assert.deepEqual(await ask("pooled"), { kind: "ok", value: false });
  assert.deepEqual(await ask("headwise"), { kind: "ok", value: true });
});
