import assert from "node:assert/strict";
import { checkFileSizes, checkMedianSize, checkTestsBeside, MAX_FILE_LINES } from "./size_rules.ts";
import { MAX_MEDIAN_LINES } from "./size_rules.ts";

const LOGIC = "export function f(): number {\n  return 1;\n}\n";

Deno.test("checkFileSizes() refuses a file one line over the cap", () => {
  const files = [
    { path: "a.ts", text: "x\n".repeat(MAX_FILE_LINES) },
    { path: "b.ts", text: "x\n".repeat(MAX_FILE_LINES + 1) },
    { path: "c.md", text: "x\n".repeat(MAX_FILE_LINES + 1) },
  ];
  assert.deepEqual(checkFileSizes(files).map(({ path }) => path), ["b.ts"]);
});

Deno.test("checkMedianSize() counts implementation files only", () => {
  const long = { path: "a.ts", text: "x\n".repeat(MAX_MEDIAN_LINES + 1) };
  const tests = [1, 2, 3].map((n) => ({ path: `a${n}_test.ts`, text: "x\n" }));
  assert.equal(checkMedianSize([long, ...tests]).length, 1);
  assert.deepEqual(checkMedianSize([long, { path: "b.ts", text: "x\n" }, ...tests]).length, 1);
  const short = [1, 2].map((n) => ({ path: `b${n}.ts`, text: "x\n" }));
  assert.deepEqual(checkMedianSize([long, ...short]), []);
});

Deno.test("checkTestsBeside() refuses a function without a test", () => {
  const breaches = checkTestsBeside([{ path: "kernel/a.ts", text: LOGIC }]);
  assert.deepEqual(breaches.map(({ message }) => message), [
    "File has no test; add 'kernel/a_test.ts'",
  ]);
});

Deno.test("checkTestsBeside() accepts a test beside, a near test, and files of types", () => {
  const files = [
    { path: "kernel/a.ts", text: LOGIC },
    { path: "kernel/a_test.ts", text: "" },
    { path: "kernel/b.ts", text: LOGIC },
    { path: "kernel/c_test.ts", text: `import { f } from "./b.ts";` },
    { path: "kernel/d.ts", text: `import { f } from "./e.ts";\n${LOGIC}` },
    { path: "kernel/d_test.ts", text: `import { f } from "./d.ts";` },
    { path: "kernel/e.ts", text: LOGIC },
    { path: "conformance/suites/pool_tests.ts", text: LOGIC },
    { path: "kernel/types.ts", text: "export interface T {\n  readonly a: number;\n}\n" },
    { path: "kernel/mod.ts", text: `export * from "./a.ts";` },
  ];
  assert.deepEqual(checkTestsBeside(files), []);
});

Deno.test("checkTestsBeside() does not count a test of another folder", () => {
  const files = [
    { path: "kernel/a.ts", text: LOGIC },
    { path: "bench/a_test.ts", text: `import { f } from "./a.ts";` },
  ];
  assert.deepEqual(checkTestsBeside(files).map(({ path }) => path), ["kernel/a.ts"]);
});

Deno.test("checkTestsBeside() does not count a test that sees only a mod.ts", () => {
  const files = [
    { path: "kernel/a.ts", text: LOGIC },
    { path: "kernel/mod.ts", text: `export * from "./a.ts";` },
    { path: "kernel/all_test.ts", text: `import { f } from "./mod.ts";` },
  ];
  assert.deepEqual(checkTestsBeside(files).map(({ path }) => path), ["kernel/a.ts"]);
});
