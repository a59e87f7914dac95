import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { readPage, unpackPage } from "./serve_page.ts";

Deno.test("readPage() reads what was built, and says how to build it where nothing was", async () => {
  Deno.mkdirSync("results", { recursive: true });
  const folder = Deno.makeTempDirSync({ dir: "results" });
  try {
    const built = new URL(`../../${folder}/index.html`, import.meta.url);
    await assert.rejects(readPage(built), (error) => {
      assert.ok(error instanceof Deno.errors.NotFound);
      assert.match(error.message, /deno task build/);
      return true;
    });
    Deno.writeTextFileSync(built, "<!doctype html>");
    assert.equal(await readPage(built), "<!doctype html>");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("unpackPage() gives back what was packed", async () => {
  const page = "<p>größer als ein Byte</p>".repeat(1000);
  assert.equal(await unpackPage(gzipSync(page).toString("base64")), page);
});
