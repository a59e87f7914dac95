import assert from "node:assert/strict";
import { namePackages, packagesIn } from "./package_folder.ts";

const PACKAGES = [
  { name: "@a/b", version: "1.2.3", folder: "/cache/npm/registry/@a/b/1.2.3" },
  { name: "c", version: "4.5.6", folder: "C:\\cache\\npm\\registry\\c\\4.5.6" },
];

Deno.test("namePackages() names packages wherever the cache lies, and leaves the rest", () => {
  const map = JSON.stringify({
    version: 3,
    sources: [
      "../../cache/npm/registry/@a/b/1.2.3/lib/x.js",
      "../../../cache/npm/registry/c/4.5.6/y.js",
      "../cli/main.ts",
      "../../cache/npm/registry/c/4.5.7/y.js",
    ],
  });
  assert.deepEqual(JSON.parse(namePackages(map, PACKAGES)), {
    version: 3,
    sources: [
      "npm:@a/b@1.2.3/lib/x.js",
      "npm:c@4.5.6/y.js",
      "../cli/main.ts",
      "../../cache/npm/registry/c/4.5.7/y.js",
    ],
  });
});

Deno.test("packagesIn() finds the packages that the bundler took files of", () => {
  const map = JSON.stringify({ sources: ["npm:c@4.5.6/y.js", "npm:@a/b@1.2.4/x.js", "../c.ts"] });
  assert.deepEqual(packagesIn(map, PACKAGES).map(({ name }) => name), ["c"]);
});
