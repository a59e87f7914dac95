import assert from "node:assert/strict";
import { createSubject } from "./my_adapter.ts";

const WHOLE = { kvHeadsGlobal: 8, queryHeadsGlobal: 64, ranks: 4, rank: 3 };

Deno.test("the adapter to start from shards what can be divided, and replicates what cannot", async () => {
  const { shard } = createSubject().allocator!;
  assert.deepEqual(await shard(WHOLE), { kind: "ok", value: { kvHeads: 2, queryHeads: 16 } });
  assert.deepEqual(await shard({ ...WHOLE, ranks: 1, rank: 0 }), {
    kind: "ok",
    value: { kvHeads: 8, queryHeads: 64 },
  });
  assert.deepEqual(await shard({ ...WHOLE, kvHeadsGlobal: 1, rank: 0 }), {
    kind: "ok",
    value: { kvHeads: 1, queryHeads: 16 },
  });
});

Deno.test("the adapter to start from refuses what is no number of heads, ranks or a rank", async () => {
  const { shard } = createSubject().allocator!;
  for (
    const wrong of [
      { rank: -1 },
      { rank: 4 },
      { rank: 0.5 },
      { ranks: 0 },
      { ranks: 1.5, rank: 0 },
      { ranks: 3, rank: 0 },
      { kvHeadsGlobal: 6 },
      { kvHeadsGlobal: 0 },
      { queryHeadsGlobal: 0 },
      { queryHeadsGlobal: 66 },
    ]
  ) {
    const reply = await shard({ ...WHOLE, ...wrong });
    assert.equal(reply.kind, "refused", JSON.stringify(wrong));
  }
});
