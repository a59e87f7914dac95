import assert from "node:assert/strict";
import type { PublishedRow } from "./published.ts";
import { requestsOfRow } from "./row_requests.ts";

/** A closed loop of 3 whose source does not say how many requests there were. */
const rowOf = (changes: Partial<PublishedRow>): PublishedRow =>
  ({
    id: "row",
    workload: "random",
    concurrency: 3,
    input_tokens: 1024,
    output_tokens: 128,
    ...changes,
  }) as PublishedRow;

const countOf = (changes: Partial<PublishedRow>): number => requestsOfRow(rowOf(changes)).length;

Deno.test("requestsOfRow() plays ten waves, four where prompts are round thousands", () => {
  assert.equal(countOf({}), 30);
  assert.equal(countOf({ output_tokens: 1999 }), 30);
  assert.equal(countOf({ output_tokens: 8192 }), 30);
  assert.equal(countOf({ workload: "80 % to 100 % of nominal" }), 30);
  assert.equal(countOf({ workload: "80 % to 100 % of nominal", input_tokens: 2000 }), 12);
  assert.equal(countOf({ input_tokens: 2000 }), 30);
  assert.equal(countOf({ workload: "static batch" }), 3);
  assert.equal(countOf({ prompts: 7 }), 7);
});

Deno.test("requestsOfRow() sends at the row's rate, and a closed loop at no time", () => {
  assert.ok(requestsOfRow(rowOf({})).every(({ arrivalMs }) => arrivalMs === null));
  const rate = requestsOfRow(rowOf({ rate_per_s: 4, prompts: 2000 }));
  assert.equal(rate[0]!.arrivalMs, 0);
  assert.ok(rate.every(({ arrivalMs }, at) => at === 0 || arrivalMs! > rate[at - 1]!.arrivalMs!));
  assert.ok(Math.abs(rate.at(-1)!.arrivalMs! / (1999 * 250) - 1) < 0.1);
});

Deno.test("requestsOfRow() draws lengths from the range that the workload names", () => {
  const rangeOf = (workload: string, key: "inputTokens" | "outputTokens"): [number, number] => {
    const lengths = requestsOfRow(rowOf({ workload, prompts: 4000 })).map((each) => each[key]);
    return [Math.min(...lengths), Math.max(...lengths)];
  };
  for (const [key, mean] of [["inputTokens", 1024], ["outputTokens", 128]] as const) {
    for (
      const [workload, low, high] of [
        ["random, range ratio 0", 1, 2 * mean - 1],
        ["80 % to 100 % of nominal", 0.8 * mean, mean],
        ["random ± 15 %", 0.85 * mean, 1.15 * mean],
        ["random", mean, mean],
      ] as const
    ) {
      const [least, most] = rangeOf(workload, key);
      const slack = (high - low) * 0.02;
      assert.ok(least >= Math.round(low) && least <= low + slack + 1, `${workload}: from ${least}`);
      assert.ok(most <= Math.round(high) && most >= high - slack - 1, `${workload}: to ${most}`);
    }
  }
});
