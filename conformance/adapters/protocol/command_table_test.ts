import assert from "node:assert/strict";
import { fillCommandTable } from "./command_table.ts";
import { COMMAND_NAMES } from "./commands.ts";

const BEGIN = "<!-- commands: written by conformance/adapters/generate_schemas.ts -->";
const END = "<!-- end of commands -->";

Deno.test("fillCommandTable() puts a row for every command between its marks, and nothing else", () => {
  const fresh = fillCommandTable(`before\n${BEGIN}${END}\nafter\n`);
  assert.ok(fresh.startsWith(`before\n${BEGIN}\n\n| command `));
  assert.ok(fresh.endsWith(`|\n\n${END}\nafter\n`));
  const rows = fresh.split("\n").filter((line) => line.startsWith("| `"));
  assert.deepEqual(rows.map((row) => /`(\w+)`/.exec(row)![1]), [...COMMAND_NAMES]);
  assert.equal(new Set(rows.map((row) => row.length)).size, 1, "columns line up");
  assert.equal(fillCommandTable(fresh), fresh);
  assert.equal(fillCommandTable(fresh.replace("| command ", "| old |\n| command ")), fresh);
});

Deno.test("fillCommandTable() names the marks when one is missing or they are the wrong way round", () => {
  for (const page of ["", BEGIN, END, `${END}\n${BEGIN}`]) {
    assert.throws(() => fillCommandTable(page), /commands: written by .* or .*end of commands/);
  }
});
