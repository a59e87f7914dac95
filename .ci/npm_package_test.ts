import assert from "node:assert/strict";
import { npmManifest } from "./npm_package.ts";

Deno.test("npmManifest() depends on one exact Deno, and ships what the launcher reads", () => {
  const manifest = npmManifest({ version: "1.2.3", license: "MIT", denoVersion: "2.9.6" });
  assert.deepEqual(manifest["dependencies"], { deno: "2.9.6" });
  const files = manifest["files"] as string[];
  const launcher = Deno.readTextFileSync(".ci/npm/headwise.mjs");
  const read = [...launcher.matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g)];
  assert.equal(read.length, 2);
  for (const [, name] of read) assert.ok(files.includes(name!), name);
  assert.ok(files.includes((manifest["bin"] as Record<string, string>)["headwise"]!));
});
