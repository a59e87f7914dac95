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
  assert.ok(names.every((name) => /group=5;.*storage=f16;layout=pooled/.test(name)));
  assert.equal(names.length, 3 * 5 * 4);
});
