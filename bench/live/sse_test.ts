import assert from "node:assert/strict";
import fc from "fast-check";
import { readEvents, StreamFormatError } from "./sse.ts";

async function read(parts: readonly Uint8Array[], bounds?: Parameters<typeof readEvents>[1]) {
  const events: string[] = [];
  const stream = ReadableStream.from(parts) as ReadableStream<Uint8Array>;
  for await (const event of readEvents(stream, bounds)) events.push(event);
  return events;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("readEvents() gives the same events wherever the bytes are cut", async () => {
  const letters = fc.constantFrom("a", " ", ":", "{", "ä", "→", "😀");
  const data = fc.array(fc.string({ unit: letters, maxLength: 12 }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(
      data,
      fc.constantFrom("\n", "\r\n", "\r"),
      fc.array(fc.nat({ max: 200 }), { maxLength: 8 }),
      async (texts, end, cuts) => {
        const bytes = encode(texts.map((text) => `: ping${end}data: ${text}${end}${end}`).join(""));
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length]
          .sort((a, b) => a - b);
        const parts = places.slice(1).map((place, i) => bytes.subarray(places[i], place));
        // A lone carriage return ends a line only once something follows it.
        const got = await read([...parts, encode(": end\n")]);
        assert.deepEqual(got, texts);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("readEvents() joins the lines of one event and drops one that is cut off", async () => {
  assert.deepEqual(await read([encode("data: a\ndata:b\n\nevent: x\nid: 1\n\ndata: lost")]), [
    "a\nb",
  ]);
});

Deno.test("readEvents() refuses a stream past its bounds", async () => {
  const bounds = { maxLineCharacters: 10, maxBytes: 100 };
  await assert.rejects(read([encode("data: 0123456789")], bounds), StreamFormatError);
  const many = Array.from({ length: 20 }, () => encode("data: 1\n\n"));
  await assert.rejects(read(many, bounds), /more than 100 bytes/);
});
