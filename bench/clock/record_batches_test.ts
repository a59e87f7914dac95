import assert from "node:assert/strict";
import { recordBatches, spreadBatches } from "./record_batches.ts";
import type { StepTimes } from "./step_clock.ts";
import { tokenClock } from "../run/test_support.ts";

const batch = (queries: number[], cached: number[]) => ({
  step: 0,
  table: null as never,
  queryLengths: Int32Array.from(queries),
  cachedLengths: Int32Array.from(cached),
  tokens: queries.reduce((sum, query) => sum + query, 0),
  sampledRows: 1,
});

Deno.test("recordBatches() keeps the rows of busy slots and lets the clock pay", () => {
  const { clock, rows } = recordBatches(tokenClock());
  clock.enqueue(batch([1, 0, 7], [40, 9, 0]));
  assert.deepEqual(rows, [{ queries: [1, 7], cached: [40, 0] }]);
  assert.equal((clock.flush() as StepTimes).restMs.length, 1);
});

Deno.test("spreadBatches() takes decode and mixed steps apart, evenly over a replay", () => {
  const decode = Array.from({ length: 10 }, (_, index) => ({ queries: [1], cached: [index] }));
  const mixed = [{ queries: [1, 5], cached: [3, 0] }];
  const spread = spreadBatches([...decode, ...mixed], 2);
  assert.deepEqual(spread.map(({ cached }) => cached[0]), [2, 7, 3]);
});
