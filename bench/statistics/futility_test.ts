import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import { compareMetric } from "./comparison.ts";
import { chanceToDecide, isFutile } from "./futility.ts";
import { levelAfter, planLooks } from "./sequential.ts";

const PLAN = planLooks({ firstPairs: 4, maxPairs: 16 });

function comparisonOf(trueRatio: number, noise: number, pairs: number, seed: number) {
  const random = createRandom(seed);
  const run = (): number => Math.exp(noise * random.nextNormal());
  return compareMetric({
    metric: "m",
    unit: "ms",
    better: "lower",
    baseline: Array.from({ length: pairs }, run),
    candidate: Array.from({ length: pairs }, () => trueRatio * run()),
    threshold: 0.95,
    deterministic: false,
    level: levelAfter(PLAN, pairs),
  });
}

Deno.test("chanceToDecide() is near 1 for a clear gain and near 0 on the threshold", () => {
  assert.ok(chanceToDecide(comparisonOf(0.8, 0.01, 4, 1), PLAN)! > 0.99);
  const chances = [1, 2, 3, 4, 5].map((seed) =>
    chanceToDecide(comparisonOf(0.95, 0.03, 8, seed), PLAN)!
  );
  assert.ok(chances.some((chance) => chance < 0.1), chances.join());
});

Deno.test("chanceToDecide() foretells how often simulated runs end decided", () => {
  let [foretold, decided] = [0, 0];
  for (let seed = 0; seed < 300; seed++) {
    foretold += chanceToDecide(comparisonOf(0.92, 0.03, 8, seed), PLAN)!;
    if (comparisonOf(0.92, 0.03, 16, seed).verdict !== "INCONCLUSIVE") decided++;
  }
  assert.ok(Math.abs(foretold - decided) / 300 < 0.15, `${foretold} against ${decided} of 300`);
});

Deno.test("isFutile() gives up on the threshold, never on a metric that is decided", () => {
  const clear = comparisonOf(0.7, 0.01, 8, 1);
  assert.equal(clear.verdict, "PASS");
  assert.equal(isFutile([clear], PLAN), false);
  const unclear = [1, 2, 3, 4, 5].map((seed) => comparisonOf(0.95, 0.03, 8, seed));
  assert.ok(unclear.some((each) => isFutile([clear, each], PLAN)));
});
