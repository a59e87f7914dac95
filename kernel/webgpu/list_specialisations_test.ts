import assert from "node:assert/strict";
import { listSpecialisations, SPECIALISATION_AXES } from "./list_specialisations.ts";

Deno.test("listSpecialisations() gives distinct names over all axes", () => {
  const names = listSpecialisations();
  const product = Object.values(SPECIALISATION_AXES).reduce((n, axis) => n * axis.length, 1);
  assert.equal(names.length, product);
  assert.ok(new Set(names).size >= product * 0.9, "small subgroups may share a mapping");
});

Deno.test("listSpecialisations() restricts each axis that is given", () => {
  const names = listSpecialisations({ group: 5, storage: "f16", layout: "pooled" });
  assert.ok(names.every((name) => /group=5;.*storage=f16;.*layout=pooled/.test(name)));
  assert.equal(names.length, 3 * 5 * 5 * 4);
});

Deno.test("listSpecialisations() names the format of a quantised cache, and knows no other", () => {
  const names = listSpecialisations({ group: 5, headSize: 128, cache: "fp8_e4m3:token:f16" });
  assert.ok(
    names.every((name) => name.includes("keys=fp8_e4m3:token:f16;values=fp8_e4m3:token:f16")),
  );
  assert.ok(listSpecialisations({ group: 5, cache: "c16" }).every((n) => !n.includes("keys=")));
  assert.throws(() => listSpecialisations({ cache: "int3" }), /"int3"/);
});
