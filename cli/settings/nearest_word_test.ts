import assert from "node:assert/strict";
import { countEdits, nearestWord } from "./nearest_word.ts";

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

/** The same by its definition: the cheapest of what the last letters can be made of. */
function editsByDefinition(from: string, to: string): number {
  if (from === "" || to === "") return from.length + to.length;
  const [a, b] = [from.slice(0, -1), to.slice(0, -1)];
  const isSame = from.at(-1) === to.at(-1);
  const isSwap = from.length > 1 && to.length > 1 && from.at(-1) === to.at(-2) &&
    from.at(-2) === to.at(-1);
  return Math.min(
    editsByDefinition(a, b) + (isSame ? 0 : 1),
    editsByDefinition(a, to) + 1,
    editsByDefinition(from, b) + 1,
    isSwap ? editsByDefinition(from.slice(0, -2), to.slice(0, -2)) + 1 : Infinity,
  );
}

Deno.test("countEdits() counts as its definition does, for all short texts of two letters", () => {
  const texts = [""];
  for (const text of texts) if (text.length < 4) texts.push(`${text}a`, `${text}b`);
  for (const from of texts) {
    for (const to of texts) {
      assert.equal(countEdits(from, to), editsByDefinition(from, to), `${from} ${to}`);
    }
  }
});

Deno.test("nearestWord() allows one edit for every three letters, and at least one", () => {
  assert.equal(nearestWord("ab", ["xb"]), "xb");
  assert.equal(nearestWord("ab", ["xy"]), undefined);
  assert.equal(nearestWord("abcdef", ["xycdef"]), "xycdef");
  assert.equal(nearestWord("abcde", ["xycde"]), undefined);
  assert.equal(nearestWord("a".repeat(64), ["a".repeat(63)]), "a".repeat(63));
  assert.equal(nearestWord("a".repeat(65), ["a".repeat(64)]), undefined);
});
