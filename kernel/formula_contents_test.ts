import assert from "node:assert/strict";
import {
  fillByFormula,
  FORMULA_TENSORS,
  formulaNumber,
  type FormulaPlace,
  sinkLogitsByFormula,
} from "./formula_contents.ts";
import { decodingTable } from "./storage_type.ts";

/** The formula as it is written down, in numbers without an end. */
function literal(o: FormulaPlace, element: number): number {
  const word = (value: bigint): bigint => BigInt.asUintN(32, value);
  let x = word(
    0x9E3779B1n * BigInt(o.seed) + 0x85EBCA77n * BigInt(o.layer) + 0xC2B2AE3Dn * BigInt(o.page) +
      0x27D4EB2Fn * BigInt(o.head) + 0x165667B1n * BigInt(o.slot) + 0xD3A2646Dn * BigInt(element) +
      0xFD7046C5n * BigInt(FORMULA_TENSORS[o.tensor]),
  );
  x = word((x ^ (x >> 15n)) * 0x2C1B3C6Dn);
  x = word((x ^ (x >> 12n)) * 0x297A2D39n);
  return Number((x ^ (x >> 15n)) >> 28n);
}

const PLACES: readonly FormulaPlace[] = [
  { seed: 1, layer: 0, page: 0, head: 0, slot: 0, tensor: "keys" },
  { seed: 0xffff_ffff, layer: 3, page: 1_000_003, head: 7, slot: 63, tensor: "values" },
  { seed: 42, layer: 1, page: 2 ** 31 - 1, head: 19, slot: 8191, tensor: "query" },
];

Deno.test("formulaNumber() is the formula, also past 31 bits", () => {
  for (const place of PLACES) {
    for (const element of [0, 1, 17, 127, 255]) {
      assert.equal(formulaNumber(place, element), literal(place, element));
    }
  }
});

Deno.test("formulaNumber() takes every value about as often", () => {
  const counts = new Array<number>(16).fill(0);
  for (let page = 0; page < 256; page++) {
    for (let element = 0; element < 64; element++) {
      counts[formulaNumber({ ...PLACES[0], page }, element)]++;
    }
  }
  for (const count of counts) assert.ok(Math.abs(count - 1024) < 5 * 32, `${counts}`);
});

Deno.test("fillByFormula() writes exact values of each tensor and type", () => {
  for (const storage of ["bf16", "f16"] as const) {
    const decoded = decodingTable(storage);
    for (const place of PLACES) {
      const bits = new Uint16Array(70);
      fillByFormula(bits, { ...place, offset: 3, elements: 64, storage });
      assert.deepEqual([...bits.subarray(0, 3), ...bits.subarray(67)], [0, 0, 0, 0, 0, 0]);
      for (let element = 0; element < 64; element++) {
        const n = literal(place, element);
        const expected = place.tensor === "query" ? n - 8 : (n - 8) / 8;
        assert.equal(decoded[bits[3 + element]], expected);
      }
    }
  }
});

Deno.test("sinkLogitsByFormula() gives each query head its own", () => {
  const logits = sinkLogitsByFormula(5, 16);
  const place = { seed: 5, layer: 0, page: 0, slot: 0, tensor: "sinkLogits" } as const;
  assert.deepEqual(
    [...logits],
    [...logits.keys()].map((head) => literal({ ...place, head }, 0) - 8),
  );
});
