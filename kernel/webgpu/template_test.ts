import assert from "node:assert/strict";
import { expandTemplate, TemplateError } from "./template.ts";

Deno.test("expandTemplate() unrolls nested loops over expressions", () => {
  const text = "//#for i in 0..N\n//#for j in i..2 * N - i\n${i * 10 + j}\n//#end\n//#end";
  assert.equal(expandTemplate(text, { N: 2 }), "0\n1\n2\n3\n11\n12");
});

Deno.test("expandTemplate() keeps one branch of a condition", () => {
  const text = "//#if A && !(B > 2)\nyes\n//#else\nno\n//#end";
  assert.equal(expandTemplate(text, { A: true, B: 2 }), "yes");
  assert.equal(expandTemplate(text, { A: true, B: 3 }), "no");
  assert.equal(expandTemplate(text, { A: false, B: 0 }), "no");
});

Deno.test("expandTemplate() binds names until the end of a block", () => {
  const text = "//#if 1\n//#let X = 3 + 4\n${X}\n//#end\n//#if 0\n${X}\n//#end";
  assert.equal(expandTemplate(text, {}), "7");
});

for (
  const [text, value] of [
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["7 / 2", "3"],
    ["-7 % 3", "-1"],
    ["1 << 3 >> 1", "4"],
    ["1 < 2 == 1", "1"],
    ["0 || 2 && 0", "0"],
    ["!3 + 1", "1"],
    ["3 >= 3 != 0", "1"],
  ]
) {
  Deno.test(`expandTemplate() evaluates ${text} as C does`, () => {
    assert.equal(expandTemplate("${" + text + "}", {}), value);
  });
}

for (
  const [name, text, line] of [
    ["an unknown name", "a\n${X}", 2],
    ["an unclosed block", "//#for i in 0..2\nx", 1],
    ["an unknown directive", "//#while 1\n//#end", 1],
    ["a malformed loop", "//#for i 0..2\n//#end", 1],
    ["a malformed binding", "//#let 3", 1],
    ["an else inside a loop", "//#for i in 0..2\n//#else\n//#end", 2],
    ["an unknown text", "a\n//#use other", 2],
    ["a trailing token", "${1 2}", 1],
    ["an open parenthesis", "${(1 + 2}", 1],
    ["an empty expression", "${1 +}", 1],
  ] as const
) {
  Deno.test(`expandTemplate() names the line when a template has ${name}`, () => {
    assert.throws(() => expandTemplate(text, {}), (error) => {
      assert.ok(error instanceof TemplateError);
      assert.equal(error.line, line);
      return true;
    });
  });
}

Deno.test("expandTemplate() puts in texts that templates share, loops around them included", () => {
  const text = "//#for i in 0..2\n//#use part\n//#end";
  assert.equal(expandTemplate(text, {}, { part: "a${i}\nb\n" }), "a0\nb\na1\nb");
});
