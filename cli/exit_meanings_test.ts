import assert from "node:assert/strict";
import { buildRoutes } from "./app.ts";
import { EXIT } from "./exit_code.ts";
import { exitMeanings, exitMeaningsOf, particularExitMeanings } from "./exit_meanings.ts";
import { commandPageOf, findPage, listPages } from "./manual/command_page.ts";

const root = commandPageOf(buildRoutes());

Deno.test("exitMeanings() has every code once, by number", () => {
  const codes = Object.values(EXIT).sort((left, right) => left - right);
  assert.deepEqual(exitMeanings().map(({ code }) => code), codes);
});

Deno.test("exit codes stay what they are, for scripts rely on them", () => {
  assert.deepEqual(EXIT, {
    ok: 0,
    fail: 1,
    usage: 2,
    inconclusive: 3,
    input: 4,
    nothingRan: 5,
    internal: 70,
    interrupted: 130,
  });
});

Deno.test("particularExitMeanings() names only commands that exist", () => {
  for (const command of particularExitMeanings().keys()) {
    assert.ok(findPage(root, command.split(" ")), command);
  }
});

Deno.test("exitMeaningsOf() and particularExitMeanings() list codes by number", () => {
  const lists = [
    ...listPages(root).map(({ path }) => exitMeaningsOf(path.join(" "))),
    ...particularExitMeanings().values(),
  ];
  for (const list of lists) {
    const codes = list.map(({ code }) => code as number);
    assert.deepEqual(codes, codes.toSorted((left, right) => left - right));
  }
});

Deno.test("exitMeaningsOf() lets no command fail that has no verdict", () => {
  for (const { path, commands } of listPages(root)) {
    if (commands.length > 0) continue;
    const codes = exitMeaningsOf(path.join(" ")).map(({ code }) => code as number);
    for (const code of [0, 2, 4, 70, 130]) assert.ok(codes.includes(code), path.join(" "));
    const judges = particularExitMeanings().has(path.join(" "));
    if (!judges) assert.ok(!codes.includes(EXIT.fail) && !codes.includes(EXIT.inconclusive));
  }
});
