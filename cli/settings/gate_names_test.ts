import assert from "node:assert/strict";
import { SIDES } from "../../bench/mod.ts";
import { gateOptions, parseForms, parseGates, parseSide } from "./gate_names.ts";

Deno.test("parseGates() reads gates, and a pair of kernel forms", () => {
  assert.deepEqual(parseGates("read,capacity"), ["read", "capacity"]);
  assert.deepEqual(gateOptions(parseGates("capacity")), { gates: ["gate/capacity"] });
  assert.deepEqual(gateOptions(parseGates("read=two-pass:headwise, capacity")), {
    gates: ["gate/read", "gate/capacity"],
    readPair: { baseline: "two-pass", candidate: "headwise" },
  });
  assert.deepEqual(gateOptions(parseGates("read=row:clipped")).readPair, {
    baseline: "uniform",
    candidate: "uniform-clipped",
  });
});

for (
  const [text, message] of [
    ["read=row", /pair of kernel forms/],
    ["read=row:rwo", /expected two-pass, row/],
    ["read=row:row", /two different forms/],
    ["capacity=row:headwise", /only read takes a pair/],
    ["read,read=row:headwise", /each gate once/],
    ["raed", /did you mean 'read'/],
  ] as const
) {
  Deno.test(`parseGates() refuses '${text}'`, () => {
    assert.throws(() => parseGates(text), message);
  });
}

Deno.test("parseForms() gives the sides of forms, or of all of them", () => {
  assert.deepEqual(parseForms("headwise,row"), ["uniform", "headwise"]);
  assert.equal(parseForms("all").length, 5);
  // As the command line of a result says it.
  assert.deepEqual(parseForms(parseForms("all").join(",")), parseForms("all"));
  assert.throws(() => parseForms("pooled"), /expected two-pass/);
});

Deno.test("parseSide() takes every side, and the forms", () => {
  for (const side of Object.keys(SIDES)) assert.equal(parseSide(side), side);
  assert.equal(parseSide("row"), "uniform");
  assert.equal(parseSide("clipped"), "uniform-clipped");
  assert.throws(() => parseSide("rows"), /did you mean 'row'/);
});
