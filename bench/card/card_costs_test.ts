import assert from "node:assert/strict";
import { BenchError } from "../result/mod.ts";
import { carryOver, openCard, passUs, productUs, samplingUs } from "./card_costs.ts";
import { SHIPPED_PROFILES } from "./profiles.ts";

const PROFILES = SHIPPED_PROFILES();
const H100 = openCard("NVIDIA H100 80GB HBM3", PROFILES);
const near = (actual: number, expected: number, share: number): void =>
  assert.ok(Math.abs(actual / expected - 1) <= share, `${actual} is not near ${expected}`);

Deno.test("productUs() gives back what was measured", () => {
  const grid = H100.profile.products[0];
  for (const [o, i, t] of [[0, 0, 0], [3, 2, 5], [2, 3, 9]]) {
    const us = productUs(H100, {
      outer: grid.outer[o],
      inner: grid.inner[i],
      tokens: grid.tokens[t],
      type: "bf16",
      weightBytes: 2,
    });
    near(us, grid.microseconds[o][i][t]!, 1e-6);
  }
});

Deno.test("productUs() between two measured sizes lies between their times", () => {
  const at = (outer: number): number =>
    productUs(H100, { outer, inner: 4096, tokens: 64, type: "bf16", weightBytes: 2 });
  assert.ok(at(5120) < at(7168) && at(7168) < at(10240));
});

Deno.test("productUs() of narrower weights reads less where reading binds", () => {
  const at = (weightBytes: number): number =>
    productUs(H100, { outer: 24576, inner: 4096, tokens: 1, type: "bf16", weightBytes });
  near(at(0.53) / at(2), 0.28, 0.1);
});

Deno.test("openCard() carries a card without a profile over by its ceilings, and says so", () => {
  const a100 = openCard("A100 80GB SXM", PROFILES);
  assert.deepEqual([a100.basis, H100.basis], ["scaled", "measured"]);
  const o = { outer: 57344, inner: 8192, type: "bf16", weightBytes: 2 } as const;
  // Reading bound: 3.35 against 2.04 TB/s; bound by arithmetic: 989 against 312 TFLOP/s.
  near(
    productUs(a100, { ...o, tokens: 1 }) / productUs(H100, { ...o, tokens: 1 }),
    3.35 / 2.04,
    0.05,
  );
  near(
    productUs(a100, { ...o, tokens: 4096 }) / productUs(H100, { ...o, tokens: 4096 }),
    989 / 312,
    0.05,
  );
});

Deno.test("openCard() multiplies in fp8 where the card can and its profile was measured with it", () => {
  assert.equal(H100.profile.products.some(({ dtype }) => dtype === "fp8"), H100.hasFp8);
  assert.equal(openCard("A100 80GB SXM", PROFILES).hasFp8, false);
  for (const dtype of ["fp8", "bf16"] as const) {
    const products = H100.profile.products.map((grid) => ({ ...grid, dtype }));
    assert.equal(openCard(H100.name, [{ ...H100.profile, products }]).hasFp8, dtype === "fp8");
  }
});

Deno.test("openCard() refuses a card that nothing is known of", () => {
  assert.throws(
    () => openCard("Voodoo 2", PROFILES),
    (error) => error instanceof BenchError && /Voodoo 2.*calibrate --profile/.test(error.message),
  );
});

Deno.test("carryOver() keeps a launch's own time and scales what a ceiling binds", () => {
  assert.equal(carryOver(100, { there: 90, here: 180 }), 200);
  // A kernel far from both ceilings: only the difference of the ceilings is added.
  near(carryOver(5, { there: 0.5, here: 1 }), 5 + 0.5 / 0.7, 1e-9);
});

Deno.test("passUs() and samplingUs() grow with their bytes beyond the measured range", () => {
  const last = H100.profile.passes.elementwise.bytes.at(-1)!;
  near(passUs(H100, last * 4) / passUs(H100, last), 4, 0.01);
  assert.ok(samplingUs(H100, 1e6) < samplingUs(H100, 1e8));
});
