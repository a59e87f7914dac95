import assert from "node:assert/strict";
import {
  choiceOf,
  choicesOf,
  decimalNumber,
  parseRatio,
  parseSwitch,
  parseText,
  wholeNumber,
} from "./parsers.ts";

Deno.test("choiceOf() names every choice when the word is none of them", () => {
  const parse = choiceOf(["shuffled", "identity"]);
  assert.equal(parse("identity"), "identity");
  assert.throws(() => parse("random"), { message: "expected shuffled or identity" });
});

Deno.test("choicesOf() gives each word once and refuses an empty list", () => {
  const parse = choicesOf(["read", "capacity"]);
  assert.deepEqual(parse("read, read"), ["read"]);
  assert.throws(() => parse(""), RangeError);
});

Deno.test("wholeNumber() refuses fractions, signs out of range and other notations", () => {
  const parse = wholeNumber({ min: 1, max: 9 });
  assert.equal(parse("9"), 9);
  for (const text of ["0", "10", "1.5", "1e0", "0x1", "", " 1", "-3"]) {
    assert.throws(() => parse(text), { message: "expected a whole number from 1 to 9" }, text);
  }
});

Deno.test("parseRatio() refuses what lies outside [0, 1]", () => {
  assert.equal(parseRatio("1"), 1);
  for (const text of ["-0.1", "1.01", "NaN", "", "half"]) {
    assert.throws(() => parseRatio(text), RangeError, text);
  }
});

Deno.test("parseSwitch() reads the words that shells and engines use", () => {
  for (const text of ["1", "TRUE", "on", "yes"]) assert.equal(parseSwitch(text), true, text);
  for (const text of ["0", "false", "OFF", "no"]) assert.equal(parseSwitch(text), false, text);
  assert.throws(() => parseSwitch("2"), RangeError);
});

Deno.test("parseText() refuses the empty text", () => {
  assert.throws(() => parseText(""), RangeError);
});

Deno.test("decimalNumber() accepts numbers from the bound on and nothing else", () => {
  const parse = decimalNumber({ min: 0 });
  assert.deepEqual(["0", "2", "1.25"].map(parse), [0, 2, 1.25]);
  for (const text of ["", "-1", "1e3", "x", "1.", " 1", "Infinity"]) {
    assert.throws(() => parse(text), /at least 0/, text);
  }
});
