import assert from "node:assert/strict";
import { createHash as nodeHash } from "node:crypto";
import fc from "fast-check";
import { createHash } from "./node_crypto.ts";

Deno.test("createHash() gives what node:crypto gives, however the text is cut", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary", maxLength: 200 })), (parts) => {
    const [ours, theirs] = [createHash("sha256"), nodeHash("sha256")];
    for (const part of parts) {
      ours.update(part);
      theirs.update(part);
    }
    assert.equal(ours.digest("hex"), theirs.digest("hex"));
  }));
});

Deno.test("createHash() refuses another algorithm", () => {
  assert.throws(() => createHash("md5"), /Cannot hash with 'md5' in a browser/);
});
