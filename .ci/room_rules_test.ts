import assert from "node:assert/strict";
import { checkCircles, checkRooms } from "./room_rules.ts";
import type { SourceFile } from "./source_tree.ts";

const tree = (texts: Readonly<Record<string, string>>): SourceFile[] =>
  Object.entries(texts).map(([path, text]) => ({ path, text }));

Deno.test("checkRooms() refuses an import that runs upwards, of types too", () => {
  const breaches = checkRooms(tree({
    "bench/clock/a.ts": `import type { B } from "../replay/mod.ts";`,
    "bench/replay/mod.ts": `export { c } from "../clock/mod.ts";`,
  }));
  assert.deepEqual(breaches.map(({ path, message }) => [path, message]), [
    ["bench/clock/a.ts", "Cannot import '../replay/mod.ts': 'clock' comes before 'replay'"],
  ]);
});

Deno.test("checkRooms() refuses a way into a room past its mod.ts, a dynamic one too", () => {
  const breaches = checkRooms(tree({
    "cli/commands/bench/run.ts": `const load = () => import("../../tables/bench.ts");`,
  }));
  assert.match(breaches[0]!.message, /only through its 'mod\.ts'/);
});

Deno.test("checkRooms() refuses one command's room in another, and a room without a place", () => {
  const breaches = checkRooms(tree({
    "cli/commands/bench/run.ts": `import { a } from "../gate/mod.ts";`,
    "bench/attic/a.ts": "",
  }));
  assert.deepEqual(breaches.map(({ message }) => message), [
    "Cannot import '../gate/mod.ts': 'commands/bench' comes before 'commands/gate'",
    "Cannot place 'attic'; add it to ROOM_ORDER in .ci/room_rules.ts",
  ]);
});

Deno.test("checkRooms() lets tests reach into any room", () => {
  const breaches = checkRooms(tree({
    "bench/clock/a_test.ts": `import { b } from "../replay/b.ts";`,
  }));
  assert.deepEqual(breaches, []);
});

Deno.test("checkCircles() counts imports of types and inside functions", () => {
  const breaches = checkCircles(tree({
    "kernel/a.ts": `import type { B } from "./b.ts";`,
    "kernel/b.ts": `const load = () => import("./a.ts");`,
  }));
  assert.deepEqual(breaches.map(({ message }) => message), [
    "Imports run in a circle: kernel/a.ts → kernel/b.ts → kernel/a.ts",
  ]);
});
