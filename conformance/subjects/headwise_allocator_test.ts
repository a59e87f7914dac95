import assert from "node:assert/strict";
import { cacheSpec } from "../suites/cache_spec.ts";
import { createHeadwiseAllocator } from "./headwise_allocator.ts";

Deno.test("createHeadwiseAllocator() throws before there is an allocator", async () => {
  const allocator = createHeadwiseAllocator();
  await assert.rejects(() => Promise.resolve().then(() => allocator.snapshot()), /no allocator/);
});

Deno.test("createHeadwiseAllocator() names need, free and capacity of a shortage", async () => {
  const allocator = createHeadwiseAllocator();
  await allocator.create(cacheSpec({ pagesPerHead: 4 }));
  assert.deepEqual(await allocator.admit({ slot: 0, lengthTokens: 80 }), {
    kind: "shortage",
    need: 5,
    free: 4,
    capacity: 4,
  });
});

Deno.test("createHeadwiseAllocator() counts pages that wait for a step", async () => {
  const allocator = createHeadwiseAllocator();
  await allocator.create(cacheSpec());
  await allocator.admit({ slot: 0, lengthTokens: 80 });
  await allocator.beginStep();
  await allocator.release({ slot: 0 });
  const { waitingPages, freePages } = await allocator.snapshot();
  assert.deepEqual([...waitingPages], [5, 5, 5, 5]);
  assert.deepEqual([...freePages], [27, 27, 27, 27]);
});

Deno.test("createHeadwiseAllocator() tells where condensed slots came from", async () => {
  const allocator = createHeadwiseAllocator();
  await allocator.create(cacheSpec());
  await allocator.admit({ slot: 1, lengthTokens: 80 });
  await allocator.admit({ slot: 3, lengthTokens: 16 });
  const before = (await allocator.snapshot()).lengthsTokens;
  const reply = await allocator.condense({ active: [false, true, false, true] });
  assert.equal(reply.kind, "ok");
  const order = reply.kind === "ok" ? [...reply.value] : [];
  const after = (await allocator.snapshot()).lengthsTokens;
  assert.deepEqual(order.map((slot) => before[slot]), [...after]);
});

Deno.test("createHeadwiseAllocator() releases without a name, and by the name of its request alone", async () => {
  for (
    const [named, releasedAs, kind] of [
      [undefined, undefined, "ok"],
      [7, undefined, "ok"],
      [7, 7, "ok"],
      [7, 8, "refused"],
      [undefined, 8, "refused"],
    ] as const
  ) {
    const allocator = createHeadwiseAllocator();
    await allocator.create(cacheSpec());
    const request = (number: number | undefined) => number === undefined ? {} : { request: number };
    await allocator.admit({ slot: 0, lengthTokens: 80, ...request(named) });
    const reply = await allocator.release({ slot: 0, ...request(releasedAs) });
    assert.equal(reply.kind, kind, `${named} released as ${releasedAs}`);
  }
});
