import assert from "node:assert/strict";
import { listMutants } from "../kill_matrix.ts";
import { listKernelMutants } from "./arithmetic_kills.ts";

Deno.test("listKernelMutants() lists the mutants of the kernel, all of them and no others", () => {
  const kernel = listKernelMutants();
  assert.ok(kernel.every(({ part }) => part === "kernel"));
  const rest = listMutants().filter((mutant) => !kernel.includes(mutant));
  assert.ok(rest.length > 0 && rest.every(({ part }) => part !== "kernel"));
});
