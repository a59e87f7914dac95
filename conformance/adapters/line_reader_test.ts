import assert from "node:assert/strict";
import fc from "fast-check";
import { AdapterFault } from "./adapter_fault.ts";
import { createLineReader, printable } from "./line_reader.ts";

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks);
}

async function readAll(chunks: readonly Uint8Array[], maxLineBytes = 100): Promise<string[]> {
  const reader = createLineReader(streamOf(chunks), { maxLineBytes });
  const lines: string[] = [];
  try {
    for (let line = await reader.next(); line !== null; line = await reader.next()) {
      lines.push(line);
    }
  } finally {
    await reader.cancel();
  }
  return lines;
}

Deno.test("createLineReader() gives the same lines however the bytes are cut", async () => {
  const line = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) =>
    text.replaceAll("\n", "")
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 5 }),
      fc.array(fc.nat({ max: 300 }), { maxLength: 6 }),
      async (lines, cuts) => {
        const bytes = new TextEncoder().encode(lines.map((text) => `${text}\n`).join(""));
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((
          first,
          second,
        ) => first - second);
        const chunks = places.slice(1).map((place, index) => bytes.slice(places[index], place));
        assert.deepEqual(await readAll(chunks, 1000), lines);
      },
    ),
  );
});

Deno.test("createLineReader() faults on an endless line without holding all of it", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(1000).fill(0x61));
    },
  });
  const reader = createLineReader(endless, { maxLineBytes: 5000 });
  await assert.rejects(reader.next(), (error) => {
    assert.ok(error instanceof AdapterFault);
    assert.equal(error.verdict, "adapter-error");
    assert.match(error.message, /more than 5000 bytes/);
    return true;
  });
  await reader.cancel();
  assert.ok(pulled < 10, `${pulled} chunks were pulled`);
});

Deno.test("createLineReader() calls an end without a newline a crash", async () => {
  const text = new TextEncoder().encode('{"id":');
  await assert.rejects(readAll([text]), { name: "AdapterFault", verdict: "crash" });
});

Deno.test("createLineReader() faults on bytes that are not UTF-8", async () => {
  await assert.rejects(readAll([Uint8Array.of(0xff, 0xfe, 0x0a)]), { verdict: "adapter-error" });
});

Deno.test("printable() lets no escape sequence through", () => {
  assert.equal(printable("a\x1b[31mb\r\x07"), "a\ufffd[31mb\ufffd\ufffd");
});
