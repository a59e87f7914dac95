import assert from "node:assert/strict";
import { checkWords } from "./word_rules.ts";

Deno.test("checkWords() names the line, the word and what to say for it", () => {
  const text = "/** One. */\n// What mends it\n";
  const found = checkWords([{ path: "bench/a.ts", text }, { path: "bench/a.svg", text }]);
  assert.deepEqual(found, [
    { rule: "words", path: "bench/a.ts", message: "Line 2 says 'mends'; say 'fixes'" },
  ]);
  const md = checkWords([{ path: "docs/a.md", text: "Nobody says it;\nrecommend amended words" }]);
  assert.match(md[0]!.message, /^Line 1 says 'nobody'/);
  assert.equal(md.length, 1);
});
