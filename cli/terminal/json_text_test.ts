import assert from "node:assert/strict";
import { jsonText } from "./json_text.ts";

Deno.test("jsonText() indents by two, and ends without a newline", () => {
  assert.equal(jsonText({ a: [1], b: null }), '{\n  "a": [\n    1\n  ],\n  "b": null\n}');
});
