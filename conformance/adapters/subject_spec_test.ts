import assert from "node:assert/strict";
import { parseSubjectSpec } from "./subject_spec.ts";

Deno.test("parseSubjectSpec() tells the ways in apart", () => {
  assert.deepEqual(parseSubjectSpec("oracle"), { kind: "oracle" });
  assert.deepEqual(parseSubjectSpec("module:a.ts"), { kind: "module", file: "a.ts" });
  assert.deepEqual(parseSubjectSpec("ffi:./lib.so"), { kind: "ffi", file: "./lib.so" });
  assert.deepEqual(parseSubjectSpec("dump:t.npy"), { kind: "dump", file: "t.npy" });
});

Deno.test("parseSubjectSpec() splits a command into words and keeps quoted ones together", () => {
  const words = (text: string): unknown => {
    const spec = parseSubjectSpec(`exec:${text}`);
    return spec.kind === "exec" ? [spec.program, ...spec.args] : [];
  };
  assert.deepEqual(words("python3  a.py --flag"), ["python3", "a.py", "--flag"]);
  assert.deepEqual(words(`"my program" --x='1 2' ""`), ["my program", "--x=1 2", ""]);
  assert.deepEqual(words("a:b"), ["a:b"]);
  assert.deepEqual(words(`a "" '' b`), ["a", "", "", "b"]);
  assert.deepEqual(words(`a\t\n b"c d"'e "f'g  'h' "i"`), ["a", `bc de "fg`, "h", "i"]);
});

Deno.test("parseSubjectSpec() names the ways in when it knows none", () => {
  for (const text of ["", "exec:", "exec:  ", "python3 a.py", ":x", "dll:x", "numpy"]) {
    assert.throws(() => parseSubjectSpec(text), /expected auto, webgpu, oracle, exec:COMMAND/);
  }
  for (const open of ["a 'b", `a "b' c`, "'", `a 'b' "`]) {
    assert.throws(() => parseSubjectSpec(`exec:${open}`), /closing quote/);
  }
});
