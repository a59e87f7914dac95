import assert from "node:assert/strict";
import { BenchError } from "../result/mod.ts";
import { fitFactors, type FitRow } from "./fit.ts";

/** A row whose time is a sum of two parts, measured with the parts at these factors. */
function row(name: string, parts: { attention: number; products: number }, noise = 1): FitRow {
  const time = (attention: number, products: number): number =>
    parts.attention * attention + parts.products * products;
  const measured = time(1.5, 0.8) * noise;
  return {
    name,
    residuals: ({ promptAttention, products }) => [
      Math.log(time(promptAttention, products) / measured),
    ],
  };
}

const ROWS = [
  row("a", { attention: 1, products: 9 }),
  row("b", { attention: 5, products: 5 }),
  row("c", { attention: 9, products: 1 }),
];

Deno.test("fitFactors() finds the factors that made the results", () => {
  const { factors, leaveOneOutError } = fitFactors(ROWS, ["promptAttention", "products"]);
  assert.ok(Math.abs(factors.promptAttention - 1.5) < 1e-3);
  assert.ok(Math.abs(factors.products - 0.8) < 1e-3);
  assert.equal(factors.decodeAttention, 1, "what is not named stays");
  assert.ok(leaveOneOutError!.worst < 1e-3);
});

Deno.test("fitFactors() tells by leaving rows out what a fit does not", () => {
  const noisy = [...ROWS, row("d", { attention: 5, products: 5 }, 1.4)];
  const { leaveOneOutError } = fitFactors(noisy, ["promptAttention", "products"]);
  assert.ok(leaveOneOutError!.worst > 0.2);
});

Deno.test("fitFactors() fits an overhead in milliseconds", () => {
  const measured = [7, 12].map((time) => ({
    name: `${time}`,
    residuals: ({ stepOverheadMs }: { stepOverheadMs: number }) => [
      Math.log((time - 2 + stepOverheadMs) / time),
    ],
  }));
  const { factors } = fitFactors(measured, ["stepOverheadMs"]);
  assert.ok(Math.abs(factors.stepOverheadMs - 2) < 1e-3);
});

Deno.test("fitFactors() refuses fewer results than factors and says so of as many", () => {
  assert.throws(
    () => fitFactors(ROWS.slice(0, 1), ["promptAttention", "products"]),
    (error) => error instanceof BenchError && /2 factors.*1 results.*--factors/.test(error.message),
  );
  const exact = fitFactors(ROWS.slice(0, 2), ["promptAttention", "products"]);
  assert.equal(exact.leaveOneOutError, null);
});
