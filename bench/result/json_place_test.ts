import assert from "node:assert/strict";
import fc from "fast-check";
import { placeOfFault, placeOfValue } from "./json_place.ts";

const TEXT = `{
  "a": [1, {"b": "x\\"}"}],
  "c": null
}
`;

Deno.test("placeOfValue() finds the value, or the nearest one around it", () => {
  assert.deepEqual(placeOfValue(TEXT, ["a", 1, "b"]), { line: 2, column: 18 });
  assert.deepEqual(placeOfValue(TEXT, ["c"]), { line: 3, column: 8 });
  assert.deepEqual(placeOfValue(TEXT, ["a", 1, "missing"]), { line: 2, column: 12 });
  assert.deepEqual(placeOfValue(TEXT, []), { line: 1, column: 1 });
});

Deno.test("placeOfFault() stops where the text is not JSON any more", () => {
  const cases: [string, number, number][] = [
    ["", 1, 1],
    ["{", 1, 2],
    ['{"a": 1,}', 1, 9],
    ['{\n  "a" 1\n}', 2, 7],
    ["[1,\n2\n", 3, 1],
    ["[1] x", 1, 5],
    ['{"a": tru}', 1, 7],
    ['["\\x"]', 1, 2],
  ];
  for (const [text, line, column] of cases) {
    assert.throws(() => JSON.parse(text), SyntaxError);
    assert.deepEqual(placeOfFault(text), { line, column }, text);
  }
});

Deno.test("placeOfFault() is the end of every JSON text", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    const lines = text.split("\n");
    assert.deepEqual(placeOfFault(text), {
      line: lines.length,
      column: lines.at(-1)!.length + 1,
    });
  }));
});

Deno.test("placeOfFault() takes texts that nest deeper than the engine's stack", () => {
  const depth = 100_000;
  assert.deepEqual(placeOfFault("[".repeat(depth) + "x"), { line: 1, column: depth + 1 });
  const whole = "[".repeat(depth) + "]".repeat(depth);
  assert.deepEqual(placeOfFault(whole), { line: 1, column: 2 * depth + 1 });
});
