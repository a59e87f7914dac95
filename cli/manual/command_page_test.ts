import assert from "node:assert/strict";
import { buildRoutes } from "../app.ts";
import { commandPageOf, findPage, listPages } from "./command_page.ts";

const root = commandPageOf(buildRoutes());

Deno.test("commandPageOf() reads options with what else means the same", () => {
  const options = findPage(root, ["bench"])!.options;
  assert.deepEqual(options.find(({ flag }) => flag === "--ratio"), {
    flag: "--ratio",
    alias: null,
    placeholder: "R",
    brief: "Share of window heads, the first ones of every layer",
    defaultText: "the fixture's",
    words: null,
    variables: ["HEADWISE_RATIO", "FD_T53_HEAD_WISE_SWA_RATIO"],
  });
  const gate = options.find(({ flag }) => flag === "--gate");
  assert.deepEqual(gate?.words, { choices: ["read", "capacity"], isList: true });
});

Deno.test("commandPageOf() reads arguments, and whether they repeat", () => {
  const shown = (path: string[]) =>
    findPage(root, path)!.arguments.map(({ placeholder, optional, repeats }) => ({
      placeholder,
      optional,
      repeats,
    }));
  assert.deepEqual(shown(["gate"]).map(({ placeholder }) => placeholder), [
    "BASELINE",
    "CANDIDATE",
  ]);
  assert.deepEqual(shown(["report", "merge"]), [
    { placeholder: "FILE", optional: false, repeats: true },
  ]);
  assert.equal(shown(["help"])[0]?.optional, true);
});

Deno.test("commandPageOf() knows the command that a group runs by itself", () => {
  assert.equal(findPage(root, ["report"])?.defaultCommand, "show");
  assert.equal(findPage(root, ["fixture"])?.defaultCommand, null);
});

Deno.test("every command says what it does, without a line break, and shows an example", () => {
  const pages = listPages(root).filter(({ commands }) => commands.length === 0);
  assert.ok(pages.length > 15);
  for (const { path, brief, paragraphs, examples } of pages) {
    const name = path.join(" ");
    assert.ok(brief.length > 0 && brief.length <= 80, name);
    assert.ok(paragraphs.every((text) => text !== "" && !text.includes("\n")), name);
    assert.ok(examples.length > 0, `'${name}' has no EXAMPLES in its description`);
  }
});

Deno.test("every example begins with the command that it is an example of", () => {
  for (const { path, commands, examples } of listPages(root)) {
    if (commands.length > 0) continue;
    const wanted = new RegExp(`(^|[A-Z]+=\\S+ |<\\()headwise ${path[0]}\\b`);
    for (const example of examples) assert.match(example, wanted);
  }
});
