import assert from "node:assert/strict";
import { keepTail } from "./output_tail.ts";

function streamOf(texts: readonly string[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(texts.map((text) => new TextEncoder().encode(text)));
}

async function settle(): Promise<void> {
  await new Promise((done) => setTimeout(done, 0));
}

Deno.test("keepTail() keeps the end of what was written, and counts all of it", async () => {
  const o = { keepBytes: 5, maxBytes: 1000, onFlood: () => assert.fail("no flood") };
  const tail = keepTail(streamOf(["first ", "second ", "third"]), o);
  await settle();
  assert.equal(tail.text(), "third");
  assert.equal(tail.bytes(), 18);
  await tail.cancel();
});

Deno.test("keepTail() stops reading and says so once there is too much", async () => {
  let pulled = 0;
  let floods = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(100).fill(0x61));
    },
  });
  const tail = keepTail(endless, { keepBytes: 10, maxBytes: 450, onFlood: () => floods++ });
  await settle();
  assert.equal(floods, 1);
  assert.equal(tail.text(), "a".repeat(10));
  assert.ok(pulled < 10, `${pulled} chunks were pulled`);
  await tail.cancel();
});

Deno.test("keepTail() shows no escape sequence", async () => {
  const o = { keepBytes: 100, maxBytes: 1000, onFlood: () => {} };
  const tail = keepTail(streamOf(["\x1b[2Jred"]), o);
  await settle();
  assert.equal(tail.text(), "\ufffd[2Jred");
  await tail.cancel();
});
