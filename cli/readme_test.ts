import assert from "node:assert/strict";
import { capture } from "./testing_context.ts";

Deno.test("README.md shows what bench really prints", async () => {
  const out = "results/tests/readme.json";
  const { stdout } = await capture(["bench", "--clock", "model", "--out", out]);
  const upToSides = stdout.slice(0, stdout.indexOf("\n\nworkload "));
  const readme = await Deno.readTextFile("README.md");
  const block = /```text\n(PASS[\s\S]*?)\n```/.exec(readme);
  assert.equal(block?.[1], upToSides);
});

Deno.test("README.md names only tasks that exist", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile("deno.json"));
  for (const file of ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"]) {
    const text = await Deno.readTextFile(file);
    for (const [, name] of text.matchAll(/(?:deno|deno@[\d.]+) task ([\w:]+)/g)) {
      assert.ok(Object.hasOwn(tasks, name!), `${file} names task '${name}'`);
    }
  }
});
