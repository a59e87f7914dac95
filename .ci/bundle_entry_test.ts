import assert from "node:assert/strict";

Deno.test("bundle_entry.ts starts nothing when it is imported, and exports nothing", async () => {
  assert.deepEqual(Object.keys(await import("./bundle_entry.ts")), []);
});
