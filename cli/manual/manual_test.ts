import assert from "node:assert/strict";
import { buildRoutes } from "../app.ts";
import { createPaint } from "../paint.ts";
import { visibleWidth } from "../table.ts";
import { capture } from "../testing_context.ts";
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

Deno.test("help shows a page, and names the likely one when it is misspelt", async () => {
  const { exitCode, stdout } = await capture(["help", "gate"]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^NAME\n {2}headwise-gate - Judge one result against another\n/);
  assert.match(stdout, /\nEXIT CODES\n(?: +\d+ .*\n(?: {22}.*\n)*){7}/);
  const misspelt = await capture(["help", "exit-code"]);
  assert.equal(misspelt.exitCode, 2);
  assert.match(misspelt.stderr, /named 'exit-code'; did you mean 'exit-codes'\?/);
  assert.match((await capture(["help", "quantum"])).stderr, /'headwise help' lists both/);
});

for (const [file, args] of [["commands", []], ["exit-codes", ["exit-codes"]]] as const) {
  Deno.test(`help --markdown is what docs/${file}.md holds`, async () => {
    const kept = await Deno.readTextFile(new URL(`../../docs/${file}.md`, import.meta.url));
    const { stdout } = await capture(["help", ...args, "--markdown"]);
    const command = ["deno task headwise help", ...args, `--markdown > docs/${file}.md`].join(" ");
    assert.equal(kept, stdout, `Stale; run: ${command}`);
  });
}
