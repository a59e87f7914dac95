import assert from "node:assert/strict";
import { findImplausibleCeilings } from "./plausible_ceilings.ts";

const H200 = {
  card: "NVIDIA H200",
  isSoftware: false,
  memoryBytesPerSecond: 4.13e12,
  flopsPerSecond: 755e12,
};

Deno.test("findImplausibleCeilings() takes what a card reaches, and nothing stated", () => {
  assert.equal(findImplausibleCeilings(H200), null);
  const none = { memoryBytesPerSecond: null, flopsPerSecond: null };
  assert.equal(findImplausibleCeilings({ ...H200, ...none }), null);
  assert.equal(findImplausibleCeilings({ ...H200, card: "a card of next year" }), null);
});

Deno.test("findImplausibleCeilings() names what is beyond the card's data sheet, or any", () => {
  assert.match(
    findImplausibleCeilings({ ...H200, memoryBytesPerSecond: 6e12 })!,
    /'NVIDIA H200' is said to read 6.00 TB\/s: a H200's data sheet says less/,
  );
  assert.match(
    findImplausibleCeilings({ ...H200, flopsPerSecond: 1979e12 })!,
    /is said to make 1979 TFLOP\/s: a H200's/,
  );
  const unknown = { ...H200, card: "a card of next year", flopsPerSecond: 1e18 };
  assert.match(findImplausibleCeilings(unknown)!, /no card that is known comes near/);
});
