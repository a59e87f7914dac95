import assert from "node:assert/strict";
import { nearestTests } from "./nearest_tests.ts";

Deno.test("nearestTests() begins beside the file, then its folder, then follows importers", () => {
  const files = [
    { path: "bench/gate/a.ts", text: "export const a = 1;\n" },
    { path: "bench/gate/a_test.ts", text: "" },
    { path: "bench/gate/b_test.ts", text: 'import { a } from "./a.ts";\n' },
    { path: "bench/live/c_test.ts", text: 'import { a } from "../gate/a.ts";\n' },
    { path: "bench/gate/d.ts", text: 'import { a } from "./a.ts";\n' },
    { path: "bench/gate/d_test.ts", text: 'import { d } from "./d.ts";\n' },
    { path: "bench/gate/e_test.ts", text: "" },
    { path: "tools/f_test.ts", text: 'import { a } from "../bench/gate/a.ts";\n' },
  ];
  assert.deepEqual(nearestTests(files)("bench/gate/a.ts"), [
    "bench/gate/a_test.ts",
    "bench/gate/b_test.ts",
    "bench/gate/d_test.ts",
    "bench/live/c_test.ts",
  ]);
});

Deno.test("nearestTests() finds the tests of what starts a file in a process of its own", () => {
  const files = [
    { path: "bench/host/a.ts", text: "" },
    { path: "bench/host/b.ts", text: 'export const b = import.meta.resolve("./a.ts");\n' },
    { path: "bench/c.ts", text: 'export const c = new URL("./host/a.ts", import.meta.url);\n' },
    { path: "bench/host/b_test.ts", text: 'import { b } from "./b.ts";\n' },
    { path: "bench/c_test.ts", text: 'import { c } from "./c.ts";\n' },
  ];
  assert.deepEqual(nearestTests(files)("bench/host/a.ts"), [
    "bench/host/b_test.ts",
    "bench/c_test.ts",
  ]);
});
