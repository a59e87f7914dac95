import assert from "node:assert/strict";
import { describeOutcome } from "./outcome.ts";

Deno.test("describeOutcome() says what each kind of outcome is about", () => {
  assert.equal(describeOutcome({ kind: "allocated", pages: 6 }), "Allocated 6 pages");
  const shortage = { layout: "pooled", group: 0, need: 9, free: 4, capacity: 16 } as const;
  assert.equal(
    describeOutcome({ kind: "shortage", shortage: { ...shortage, head: null } }),
    "Cannot take pages from the pool: need 9, free 4, capacity 16; free pages or preempt a request",
  );
  assert.match(
    describeOutcome({ kind: "shortage", shortage: { ...shortage, layout: "headwise", head: 3 } }),
    /the pool of group 0, head 3/,
  );
  assert.match(
    describeOutcome({
      kind: "refused",
      reason: "past-columns",
      lengthTokens: 97,
      limitTokens: 96,
    }),
    /97 tokens \("past-columns"\): the limit is 96 tokens/,
  );
});
