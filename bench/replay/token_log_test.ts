import assert from "node:assert/strict";
import { countTokens, createTokenLog, logTokens } from "./token_log.ts";

Deno.test("logTokens() keeps one run when a request decodes undisturbed", () => {
  const log = createTokenLog(2);
  for (let step = 4; step < 1004; step++) logTokens(log, 1, step, 1);
  assert.equal(log.runs, 1);
  assert.equal(countTokens(log, 1), 1000);
});

Deno.test("logTokens() begins a run when steps are skipped or the number of tokens changes", () => {
  const log = createTokenLog(1);
  for (const [step, tokens] of [[0, 1], [1, 1], [5, 1], [6, 3]]) logTokens(log, 0, step, tokens);
  assert.equal(log.runs, 3);
  assert.equal(countTokens(log, 0), 6);
});

Deno.test("createTokenLog() knows nothing of a request when it got no token", () => {
  const log = createTokenLog(1);
  assert.equal(countTokens(log, 0), 0);
});

Deno.test("logTokens() grows when runs of many requests interleave", () => {
  const log = createTokenLog(3);
  for (let step = 0; step < 300; step++) logTokens(log, step % 3, step, 1 + step % 2);
  assert.equal(log.runs, 300);
  assert.equal(countTokens(log, 0) + countTokens(log, 1) + countTokens(log, 2), 450);
});
