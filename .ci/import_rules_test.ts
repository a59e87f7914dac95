import assert from "node:assert/strict";
import {
  checkImportDirection,
  checkLazyCommands,
  checkPackageFreeFolders,
  listImports,
} from "./import_rules.ts";
import type { SourceFile } from "./source_tree.ts";

function tree(files: Record<string, string>): SourceFile[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }));
}

Deno.test("listImports() finds static, type, re-export and dynamic imports", () => {
  const text = `import assert from "a";
import type { T } from "./b.ts";
import {
  x,
  y,
} from "./c.ts";
import "./d.ts";
export * from "./e.ts";
export { z } from "./f.ts";
const g = await import("./g.ts");
/**
 * \`\`\`ts
import { no } from "doc";
 * \`\`\`
 */
const message = "taken from here";
`;
  assert.deepEqual(listImports(text), [
    { specifier: "a", typeOnly: false, dynamic: false, asText: false },
    { specifier: "./b.ts", typeOnly: true, dynamic: false, asText: false },
    { specifier: "./c.ts", typeOnly: false, dynamic: false, asText: false },
    { specifier: "./d.ts", typeOnly: false, dynamic: false, asText: false },
    { specifier: "./e.ts", typeOnly: false, dynamic: false, asText: false },
    { specifier: "./f.ts", typeOnly: false, dynamic: false, asText: false },
    { specifier: "./g.ts", typeOnly: false, dynamic: true, asText: false },
  ]);
});

Deno.test("checkImportDirection() accepts a lower folder's mod.ts and the own folder", () => {
  const files = tree({
    "bench/replay.ts": `import { a } from "../kernel/mod.ts";\nimport { b } from "./clock.ts";`,
    "cli/bench.ts": `const { c } = await import("../bench/mod.ts");`,
  });
  assert.deepEqual(checkImportDirection(files), []);
});

Deno.test("checkImportDirection() refuses an upward, a sideways and an inner import", () => {
  const breaches = checkImportDirection(tree({
    "allocator/pool.ts": `import { a } from "../bench/mod.ts";`,
    "fixtures/load.ts": `import type { a } from "../kernel/mod.ts";`,
    "bench/clock.ts": `import { a } from "../kernel/webgpu/device.ts";`,
    "kernel/split.ts": `import { a } from "@headwise/headwise";`,
  }));
  assert.deepEqual(breaches.map(({ path, message }) => [path, message]), [
    ["allocator/pool.ts", "Cannot import '../bench/mod.ts': 'allocator' may import only []"],
    [
      "fixtures/load.ts",
      "Cannot import '../kernel/mod.ts': 'fixtures' may import only [allocator]",
    ],
    [
      "bench/clock.ts",
      "Cannot import '../kernel/webgpu/device.ts': another folder is entered only through 'kernel/mod.ts'",
    ],
    ["kernel/split.ts", "Cannot import '@headwise/headwise': 'kernel' may import only [allocator]"],
  ]);
});

Deno.test("checkPackageFreeFolders() refuses a package in kernel, but not in its tests", () => {
  const text = `import fc from "fast-check";`;
  const files = tree({ "kernel/a.ts": text, "kernel/a_test.ts": text, "fixtures/b.ts": text });
  assert.deepEqual(checkPackageFreeFolders(files).map(({ path }) => path), ["kernel/a.ts"]);
});

Deno.test("checkLazyCommands() refuses a folder that is loaded before a command runs", () => {
  const breaches = checkLazyCommands(tree({
    "cli/main.ts": `import { a } from "./app.ts";`,
    "cli/app.ts":
      `import { b } from "./bench_command.ts";\nimport type { T } from "../bench/mod.ts";`,
    "cli/bench_command.ts": `const run = () => import("./bench_run.ts");
import { c } from "../kernel/mod.ts";`,
    "cli/bench_run.ts": `import { d } from "../bench/mod.ts";`,
  }));
  assert.deepEqual(breaches.map(({ path, message }) => [path, message]), [
    [
      "cli/bench_command.ts",
      "Cannot load 'kernel/mod.ts' at the start; import it in a command's loader",
    ],
  ]);
});

Deno.test("checkLazyCommands() lets the program start with a leaf while it imports nothing", () => {
  const breachesWith = (leaf: string) => {
    const files = tree({
      "cli/main.ts": `import { a } from "../fixtures/foreign_text.ts";`,
      "fixtures/foreign_text.ts": leaf,
    });
    return [...checkImportDirection(files), ...checkLazyCommands(files)];
  };
  assert.deepEqual(breachesWith("export const a = 1;"), []);
  assert.match(breachesWith(`import { b } from "./load.ts";`)[0]!.message, /at the start/);
});
