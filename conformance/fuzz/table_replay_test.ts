import assert from "node:assert/strict";
import { type AttentionProblem, STORAGE_FORMATS } from "../../kernel/mod.ts";
import { guardAllocator } from "../guard.ts";
import { HEADWISE_ALLOCATOR_CAPABILITIES } from "../subjects/headwise_allocator.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import { cacheSpec, LAYOUTS } from "../suites/cache_spec.ts";
import { Driver } from "../suites/driver.ts";
import { createTableReplay } from "./table_replay.ts";

const CLAIMS = new Set(HEADWISE_ALLOCATOR_CAPABILITIES);

Deno.test("createTableReplay() keeps the pages that rows name, page 0 too, and poisons the others", async () => {
  for (const layout of LAYOUTS) {
    const { allocator, kernel } = createOracleSubject();
    const ratio = layout === "uniform" ? 1 : 0.5;
    const heads = { kind: "pattern", pattern: "first", ratio } as const;
    const driver = await Driver.create(
      guardAllocator(allocator!, { claims: CLAIMS }),
      cacheSpec({
        layout,
        heads,
        slots: 2,
        pagesPerHead: 6,
        modelLengthTokens: 96,
        shuffleSeed: null,
      }),
    );
    const asked: AttentionProblem[] = [];
    const replay = createTableReplay(
      {
        ...kernel!,
        attend: (problem, options) => (asked.push(problem), kernel!.attend(problem, options)),
      },
      driver,
      3,
    );
    await driver.grow(0, 40);
    await replay.run();
    await replay.release();
    const problem = asked[0]!;
    const { kvHeads, pageSizeTokens, headSize, columns } = problem.shape;
    const rowHeads = layout === "uniform" ? kvHeads : 1;
    const pageElements = rowHeads * pageSizeTokens * headSize;
    const named = new Set<number>();
    for (const [index, id] of problem.table.entries()) {
      const head = Math.floor(index / columns) % kvHeads;
      if (id >= 0) named.add(layout === "headwise" ? id * kvHeads + head : id);
    }
    assert.ok(problem.table.includes(0), `${layout}: page 0 is live`);
    for (let page = 0; page * pageElements < problem.keys.length; page++) {
      for (const bits of [problem.keys, problem.values]) {
        const part = bits.subarray(page * pageElements, (page + 1) * pageElements);
        const poisoned = part.every((each) => each === STORAGE_FORMATS.bf16.quietNan);
        assert.equal(poisoned, !named.has(page), `${layout}: page ${page}`);
      }
    }
  }
});
