import assert from "node:assert/strict";
import { applyChange, isWorthRunning, listChanges } from "./changes.ts";

const changedTo = (text: string, kind?: string): string[] =>
  listChanges(text).filter((change) => kind === undefined || change.kind === kind)
    .map((change) => applyChange(text, change));

Deno.test("listChanges() moves a boundary and swaps operators, and leaves types and texts alone", () => {
  assert.deepEqual(changedTo("const a = b < c;"), ["const a = b <= c;"]);
  assert.deepEqual(changedTo("const a = b >= c;", "boundary"), ["const a = b > c;"]);
  assert.deepEqual(changedTo("const a = b && c;"), ["const a = b || c;"]);
  assert.deepEqual(changedTo("const a: Map<A, 1 | 2> = b as 3;"), []);
  assert.deepEqual(changedTo('const a = "b < c"; // d && e\n'), []);
  assert.deepEqual(changedTo("const a = `b < 1 ${c < d} e < f`;"), [
    "const a = `b < 1 ${c <= d} e < f`;",
  ]);
  assert.deepEqual(changedTo("const a = /b < c/.test(d);"), []);
  assert.deepEqual(changedTo('const a = b + "c";'), []);
});

Deno.test("listChanges() makes a constant 1000 times as large, and one more and less", () => {
  assert.deepEqual(changedTo("f(8);", "constant"), ["f(8 * 1000);", "f(8 + 1);", "f(8 - 1);"]);
  assert.deepEqual(changedTo("f(0);", "constant"), ["f(1);"]);
});

Deno.test("listChanges() negates a whole condition, and drops statements, guards and awaits", () => {
  assert.deepEqual(changedTo("if (f(a)) g();", "negation"), ["if (!(f(a))) g();"]);
  assert.ok(changedTo("{\n  file.syncSync();\n}\n", "statement").includes("{\n  ;\n}\n"));
  assert.ok(changedTo("if (a) throw new Error(b);", "statement").includes("if (a) ;"));
  assert.ok(changedTo("{\n  f();\n}\n", "return").includes("{\n  return; f();\n}\n"));
  assert.deepEqual(changedTo("await f();", "await"), ["f();"]);
  assert.deepEqual(changedTo("const a = async () => await f();", "await"), []);
});

Deno.test("isWorthRunning() leaves out what does not parse, and what changes no code", () => {
  const text = "const a: 1 | 2 = b; // 3\n";
  assert.equal(isWorthRunning(text, { kind: "", start: 9, end: 10, replacement: "4" }), false);
  assert.equal(isWorthRunning(text, { kind: "", start: 17, end: 18, replacement: ")" }), false);
  assert.equal(isWorthRunning(text, { kind: "", start: 17, end: 18, replacement: "c" }), true);
});
