import assert from "node:assert/strict";
import { checkPins, checkPlaces, checkTasks } from "./config_rules.ts";

function config(value: unknown): { path: string; text: string }[] {
  return [{ path: "deno.json", text: JSON.stringify(value) }];
}

Deno.test("checkPins() refuses ranges, tags and other registries", () => {
  const imports = {
    exact: "npm:zod@4.6.7",
    scoped: "npm:@stricli/core@1.3.0",
    range: "npm:zod@^4.6.7",
    tag: "npm:zod",
    registry: "jsr:@std/assert@1.0.0",
  };
  assert.deepEqual(checkPins(config({ imports })).map(({ message }) => message), [
    "Import 'range' is 'npm:zod@^4.6.7'; write 'npm:NAME@MAJOR.MINOR.PATCH'",
    "Import 'tag' is 'npm:zod'; write 'npm:NAME@MAJOR.MINOR.PATCH'",
    "Import 'registry' is 'jsr:@std/assert@1.0.0'; write 'npm:NAME@MAJOR.MINOR.PATCH'",
  ]);
});

Deno.test("checkTasks() refuses unnamed and total permissions, and missing descriptions", () => {
  const tasks = {
    good: { description: "Runs", command: "deno run --allow-read=.,.. --allow-env=A_* x.ts" },
    all: { description: "Runs", command: "deno run -A x.ts" },
    whole: { description: "Runs", command: "deno run --allow-net x.ts" },
    bare: "deno run x.ts",
  };
  assert.deepEqual(checkTasks(config({ tasks })).map(({ message }) => message), [
    "Task 'all' takes every permission with '-A'",
    "Task 'whole' takes '--allow-net' without naming what for",
    "Task 'bare' has no description",
  ]);
});

Deno.test("checkPlaces() names the line that leads out of the checkout", () => {
  // Put together here, so that this file does not break the rule that it tests.
  const place = ["", "home", "somebody", "trace.csv"].join("/");
  const breaches = checkPlaces([{ path: "README.md", text: `fine\nread ${place}\n` }]);
  assert.deepEqual(breaches.map(({ message }) => message), [
    `Line 2 names '${place.slice(0, 7)}', a place outside the checkout`,
  ]);
});
