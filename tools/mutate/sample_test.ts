import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import { drawMutants, listTargets } from "./sample.ts";

const FILES = [
  { path: "allocator/a.ts", text: "export const a = (b: number): boolean => b < 7 && b > 5;\n" },
  { path: "bench/gate/b.ts", text: "export const b = (c: number): boolean => c >= 3;\n" },
  { path: "bench/gate/b_test.ts", text: "export const t = 1 < 2;\n" },
  { path: "bench/script.ts", text: "export const d = 1 < 2;\n" },
  { path: "deno.json", text: '{"tasks": {"script": {"command": "deno run bench/script.ts"}}}' },
  { path: "tools/c.ts", text: "export const c = 1 < 2;\n" },
];

Deno.test("listTargets() takes the product's files, not tests and not tools", () => {
  assert.deepEqual(listTargets(FILES).map(({ path }) => path), [
    "allocator/a.ts",
    "bench/gate/b.ts",
  ]);
});

Deno.test("drawMutants() draws the same for a seed, rooms in turn, no change twice", () => {
  const draw = (seed: number, count: number) =>
    drawMutants(FILES, { count, random: createRandom(seed) });
  assert.deepEqual(draw(3, 4), draw(3, 4));
  assert.equal(new Set(draw(3, 2).map(({ path }) => path)).size, 2);
  const all = draw(3, 1000);
  assert.ok(all.length < 1000);
  assert.equal(new Set(all.map(({ path, text }) => path + text)).size, all.length);
  for (const { original, text, line } of all) {
    assert.notEqual(original, text);
    assert.equal(line, 1);
  }
});
