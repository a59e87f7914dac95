import assert from "node:assert/strict";
import { parseChunk } from "./completion_chunk.ts";
import { StreamFormatError } from "./sse.ts";

Deno.test("parseChunk() reads text, end and usage of both APIs", () => {
  assert.deepEqual(
    parseChunk('{"choices":[{"text":"a b","finish_reason":null}],"usage":null}'),
    { text: "a b", finishReason: null, usage: null, error: null },
  );
  assert.deepEqual(
    parseChunk(
      '{"choices":[{"delta":{"content":"x"},"finish_reason":"length"}],' +
        '"usage":{"prompt_tokens":7,"completion_tokens":3}}',
    ),
    {
      text: "x",
      finishReason: "length",
      usage: { promptTokens: 7, completionTokens: 3 },
      error: null,
    },
  );
});

Deno.test("parseChunk() counts reasoning as text and a role alone as none", () => {
  assert.equal(parseChunk('{"choices":[{"delta":{"reasoning_content":"hm"}}]}').text, "hm");
  assert.equal(parseChunk('{"choices":[{"delta":{"role":"assistant","content":""}}]}').text, "");
  assert.equal(parseChunk('{"choices":[]}').text, "");
});

Deno.test("parseChunk() gives the server's own words when an event is an error", () => {
  assert.equal(parseChunk('{"error":{"message":"out of memory"}}').error, "out of memory");
  assert.equal(parseChunk('{"error":"no"}').error, "no");
});

Deno.test("parseChunk() refuses what is not an object and ignores what is no count", () => {
  for (const data of ["", "{", "null", "[1]", "3", "{}", '{"id":"a"}']) {
    assert.throws(() => parseChunk(data), StreamFormatError);
  }
  assert.equal(parseChunk('{"usage":{"completion_tokens":-1}}').usage, null);
});

Deno.test("parseChunk() makes one clean line of a server's error", () => {
  const message = "no\r\n::error::forged\n\x1b]0;title\x07\u202e";
  const { error } = parseChunk(JSON.stringify({ error: { message } }));
  assert.equal(error, "no ::error::forged \\u001b]0;title\\u0007\\u202e");
});
