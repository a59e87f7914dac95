import assert from "node:assert/strict";
import { buildRoutes } from "../app.ts";
import { createPaint } from "../terminal/paint.ts";
import { visibleWidth } from "../terminal/table.ts";
import { commandPageOf } from "./command_page.ts";
import { findManualPage, listHelpNames, listManual } from "./manual.ts";
import { renderManualText } from "./render_text.ts";

const root = commandPageOf(buildRoutes());

Deno.test("every page of a command has the sections that readers of manuals expect", () => {
  const order = [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "COMMANDS",
    "ARGUMENTS",
    "OPTIONS",
    "EXAMPLES",
    "EXIT CODES",
    "FILES",
    "ENVIRONMENT",
    "TOPICS",
    "SEE ALSO",
  ];
  for (const { name, chapter, sections } of listManual(root)) {
    if (chapter !== 1) continue;
    const titles = sections.map(({ title }) => title);
    assert.deepEqual(titles, order.filter((title) => titles.includes(title)), name);
    const isGroup = titles.includes("COMMANDS");
    const demanded = isGroup ? ["SYNOPSIS"] : ["SYNOPSIS", "EXAMPLES", "EXIT CODES", "ENVIRONMENT"];
    for (const title of demanded) assert.ok(titles.includes(title), `${name} lacks ${title}`);
  }
});

Deno.test("renderManualText() stays within the columns of the terminal, and within 100", () => {
  for (const page of listManual(root)) {
    for (const [columns, most] of [[72, 72], [240, 100]] as const) {
      const lines = renderManualText(page, { paint: createPaint(false), columns });
      // An example is one line, however narrow the terminal is.
      const examples = page.sections.flatMap(({ blocks }) =>
        blocks.flatMap((block) => block.kind === "literal" ? block.lines : [])
      );
      for (const line of lines) {
        const limit = examples.includes(line.trim()) ? 100 : most;
        assert.ok(visibleWidth(line) <= limit, `${page.name}: ${line}`);
      }
    }
  }
});

Deno.test("findManualPage() finds commands, topics and the program", () => {
  assert.equal(findManualPage(root, [])?.name, "headwise");
  assert.equal(findManualPage(root, ["report", "merge"])?.name, "headwise-report-merge");
  assert.equal(findManualPage(root, ["exit-codes"])?.chapter, 7);
  assert.equal(findManualPage(root, ["report", "exit-codes"]), undefined);
});

Deno.test("listHelpNames() lists what findManualPage() finds", () => {
  const names = listHelpNames(root);
  assert.ok(names.includes("kernel tune") && names.includes("settings"));
  for (const name of names) assert.ok(findManualPage(root, name.split(" ")), name);
});
