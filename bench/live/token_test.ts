import assert from "node:assert/strict";
import { isToken, redactDocument, REDACTED, redactTokens } from "./token.ts";

Deno.test("isToken() takes visible ASCII alone", () => {
  for (let code = 0; code <= 0x2100; code++) {
    const isVisible = code >= 0x21 && code <= 0x7e;
    for (const text of [String.fromCharCode(code), `a${String.fromCharCode(code)}b`]) {
      assert.equal(isToken(text), isVisible, `U+${code.toString(16)}`);
    }
    assert.equal(isToken(`secret${String.fromCharCode(code)}`), isVisible);
  }
  assert.equal(isToken(""), false);
});

/** Tokens with what JSON, addresses and patterns would write otherwise. */
const TOKENS = ["sk-0123456789", 'a"b\\c/d+e=f%20', "$&$1^.*[x]", "ab", "x".repeat(3000)];

Deno.test("redactTokens() removes a token however it is written", () => {
  for (const token of TOKENS) {
    for (
      const written of [
        token,
        JSON.stringify(token),
        encodeURIComponent(token),
        new URL(`http://host/?key=${encodeURIComponent(token)}`).href,
      ]
    ) {
      const clean = redactTokens(`before ${written} after ${written}`, [null, token]);
      assert.ok(!clean.includes(token) && !clean.includes(written), clean);
      assert.match(clean, /^before .*\[token\].* after .*\[token\]/);
    }
  }
});

Deno.test("redactTokens() removes a token from the path of an address", () => {
  const { href } = new URL('http://host/a"b/c/v1');
  assert.equal(redactTokens(href, ['a"b/c']), `http://host/${REDACTED}/v1`);
});

Deno.test("redactTokens() removes the start that shortening left, at every length", () => {
  const token = "0123456789abcdef";
  for (let kept = 4; kept < token.length; kept++) {
    const text = `Cannot read '${token.slice(0, kept)}…': it is not JSON`;
    assert.equal(redactTokens(text, [token]), `Cannot read '${REDACTED}…': it is not JSON`);
  }
  assert.equal(redactTokens("the rest of 9ab…", [token]), "the rest of 9ab…");
});

Deno.test("redactTokens() leaves no part of a token that contains another", () => {
  assert.equal(redactTokens("abc abcdef", ["abc", "abcdef"]), `${REDACTED} ${REDACTED}`);
});

Deno.test("redactDocument() cleans texts at every depth and leaves words of a short token", () => {
  const document = {
    model: "m",
    runs: [{ errors: [{ message: "no long-secret" }], n: 1 }],
    x: null,
  };
  assert.deepEqual(redactDocument(document, ["long-secret", null]), {
    model: "m",
    runs: [{ errors: [{ message: `no ${REDACTED}` }], n: 1 }],
    x: null,
  });
  assert.equal(redactDocument(document, ["no"]), document);
  assert.equal(redactDocument("8letters", ["8letters"]), REDACTED);
  assert.equal(redactDocument("7letter", ["7letter"]), "7letter");
});
