import assert from "node:assert/strict";
import { promptIds, promptWords } from "./prompt.ts";

const request = (id: number, inputTokens: number, prefixBlocks?: number[]) => ({
  id,
  arrivalMs: 0,
  inputTokens,
  outputTokens: 1,
  ...(prefixBlocks === undefined ? {} : { prefixBlocks }),
});

Deno.test("promptWords() makes one word a token, with and without blocks", () => {
  for (const tokens of [1, 511, 512, 513, 2000]) {
    assert.equal(promptWords(request(3, tokens), { seed: 1 }).length, tokens);
    assert.equal(promptWords(request(3, tokens, [5, 6]), { seed: 1 }).length, tokens);
    assert.equal(promptIds(request(3, tokens), { seed: 1 }).length, tokens);
  }
});

Deno.test("promptWords() repeats exactly the blocks that two requests share", () => {
  const left = promptWords(request(1, 1100, [5, 6, 7]), { seed: 1 });
  const right = promptWords(request(2, 1100, [5, 6, 8]), { seed: 1 });
  assert.deepEqual(left.slice(0, 1024), right.slice(0, 1024));
  assert.notDeepEqual(left.slice(1024), right.slice(1024));
});

Deno.test("promptWords() differs between requests and between seeds", () => {
  const of = (id: number, seed: number): string => promptWords(request(id, 40), { seed }).join();
  assert.equal(of(1, 1), of(1, 1));
  assert.notEqual(of(1, 1), of(2, 1));
  assert.notEqual(of(1, 1), of(1, 2));
});
