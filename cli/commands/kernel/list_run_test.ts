import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";

Deno.test("kernel list shows the axes and one name a program", async () => {
  const { exitCode, stdout } = await capture(["kernel", "list", "--json"]);
  assert.equal(exitCode, 0);
  const { axes, names } = JSON.parse(stdout);
  const products = Object.values<unknown[]>(axes).reduce((count, axis) => count * axis.length, 1);
  assert.equal(names.length, products);
  assert.equal(new Set(names).size, names.length);
});

Deno.test("kernel list restricts each axis by its flag", async () => {
  const flags = ["--group", "5", "--head-size", "128", "--page-size", "64"];
  const more = [
    "--storage",
    "bf16",
    "--layout",
    "headwise",
    "--subgroup-size",
    "32",
    "--cache",
    "c16",
  ];
  const { stdout } = await capture(["kernel", "list", ...flags, ...more]);
  assert.match(stdout, /^1 attention programs for decode rows/);
  assert.match(stdout, /group=5;.*head_size=128;page=64;storage=bf16;layout=headwise.*subgroup=32/);
});

Deno.test("kernel list exits 2 when a layout is unknown", async () => {
  const { exitCode, stderr } = await capture(["kernel", "list", "--layout", "flat"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /expected uniform, headwise or pooled/);
});
