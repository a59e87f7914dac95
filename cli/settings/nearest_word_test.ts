import assert from "node:assert/strict";
import { nearestWord } from "./nearest_word.ts";

const WORDS = ["shuffled", "identity", "auto", "gpu", "model"];

Deno.test("nearestWord() finds the word that a misspelt one is nearest to", () => {
  assert.equal(nearestWord("shufled", WORDS), "shuffled");
  assert.equal(nearestWord("Modell", WORDS), "model");
  assert.equal(nearestWord("gpo", WORDS), "gpu");
  assert.equal(nearestWord("gup", WORDS), "gpu");
});

Deno.test("nearestWord() finds the one word that a text begins", () => {
  assert.equal(nearestWord("id", WORDS), "identity");
  assert.equal(nearestWord("a", ["auto", "all"]), undefined);
});

Deno.test("nearestWord() finds none when nothing is near", () => {
  assert.equal(nearestWord("quantum", WORDS), undefined);
  assert.equal(nearestWord("", WORDS), undefined);
});
