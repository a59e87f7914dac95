import assert from "node:assert/strict";
import { chooseVariants, type VariantTime } from "./choose_variants.ts";

const ONE = { valuesInFlight: 4 };
const WIDE = { lanesPerKey: 8 };
const FOUR = { short: { subgroups: 4, mergesInside: true } };

Deno.test("chooseVariants() takes what is fastest over all cases, and short parts by themselves", () => {
  const times: VariantTime[] = [
    { key: "a", base: "large", variant: ONE, medianMs: 4 },
    { key: "a", base: "large", variant: WIDE, medianMs: 3 },
    { key: "a", base: "large", variant: {}, medianMs: 1 },
    { key: "a", base: "larger", variant: ONE, medianMs: 8 },
    { key: "a", base: "larger", variant: WIDE, medianMs: 9 },
    { key: "a", base: "small", variant: ONE, medianMs: 2 },
    { key: "a", base: "small", variant: FOUR, medianMs: 1 },
    { key: "b", base: "small", variant: ONE, medianMs: 1 },
    { key: "b", base: "small", variant: FOUR, medianMs: 2 },
  ];
  // The empty variant was not timed on every case.
  assert.deepEqual(chooseVariants(times), [["a", { ...WIDE, ...FOUR }], ["b", {}]]);
});
