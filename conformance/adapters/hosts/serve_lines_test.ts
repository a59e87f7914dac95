import assert from "node:assert/strict";
import { serveLines } from "./serve_lines.ts";

async function serve(chunks: readonly string[], lastLine: string): Promise<string> {
  const encoder = new TextEncoder();
  let written = "";
  await serveLines({
    input: ReadableStream.from(chunks.map((text) => encoder.encode(text))),
    // A pipe may take less than it is given.
    writeSync: (bytes) => {
      written += new TextDecoder().decode(bytes.subarray(0, 1));
      return 1;
    },
  }, (line) => Promise.resolve({ reply: `<${line}>`, last: line === lastLine }));
  return written;
}

Deno.test("serveLines() answers each line in order, however the bytes are cut", async () => {
  assert.equal(
    await serve(["on", "e\ntwo\nth", "ree\n", "unfinished"], ""),
    "<one>\n<two>\n<three>\n",
  );
});

Deno.test("serveLines() stops after the last request", async () => {
  assert.equal(await serve(["one\ntwo\nthree\n"], "two"), "<one>\n<two>\n");
});
