import assert from "node:assert/strict";
import { DEFAULT_POLICIES } from "../policies.ts";
import { cacheSpec } from "../suites/cache_spec.ts";
import { resolveKinds } from "../suites/resolve_kinds.ts";
import { listed } from "./rank_mutants.ts";

Deno.test("listed() lists the kinds that a pattern has, where it rounds as declared", () => {
  for (const pattern of ["first", "last"] as const) {
    for (const ratio of [0, 0.25, 0.3, 0.5, 1]) {
      const spec = cacheSpec({ heads: { kind: "pattern", pattern, ratio } });
      const list = listed(spec, (heads, share) => Math.floor(heads * share));
      const { kind } = list.heads;
      assert.equal(kind, "layers");
      assert.deepEqual(
        resolveKinds(list, DEFAULT_POLICIES),
        resolveKinds(spec, DEFAULT_POLICIES),
        `${pattern} ${ratio}`,
      );
    }
  }
});
