import assert from "node:assert/strict";
import { buildRoutes } from "../app.ts";
import { commandPageOf } from "./command_page.ts";
import { listManual } from "./manual.ts";
import { entry, paragraph, section } from "./manual_page.ts";
import { renderRoff } from "./render_roff.ts";

const O = { version: "1.2.3", date: "2020-01-31" };

Deno.test("renderRoff() escapes what roff would take for a request", () => {
  const page = {
    name: "headwise-x",
    chapter: 1,
    sections: [
      section("DESCRIPTION", [
        paragraph(".hidden and 'quoted' \\n"),
        entry("--page-order", "Where pages lie…"),
        { kind: "literal", lines: ["'first'", "  .second"] },
      ]),
    ],
  } as const;
  assert.equal(
    renderRoff(page, O),
    [
      '.TH "HEADWISE\\-X" 1 2020-01-31 "headwise 1.2.3"',
      ".nh",
      ".ad l",
      '.SH "DESCRIPTION"',
      "\\&.hidden and 'quoted' \\en",
      ".TP",
      "\\fB\\-\\-page\\-order\\fR",
      "Where pages lie\\[u2026]",
      ".PP",
      ".nf",
      "\\&'first'",
      "  .second",
      ".fi",
      "",
    ].join("\n"),
  );
});

const hasMandoc = await starts("mandoc");

Deno.test({
  name: `mandoc finds nothing to complain of${hasMandoc ? "" : " (skipped: no mandoc here)"}`,
  ignore: !hasMandoc,
  fn: async () => {
    for (const page of listManual(commandPageOf(buildRoutes()))) {
      const path = await Deno.makeTempFile({ dir: await testFolder(), suffix: `.${page.chapter}` });
      await Deno.writeTextFile(path, renderRoff(page, O));
      const args = ["-Tlint", "-Wstyle", path];
      const { stdout } = await new Deno.Command("mandoc", { args }).output();
      await Deno.remove(path);
      assert.equal(new TextDecoder().decode(stdout), "", page.name);
    }
  },
});

async function testFolder(): Promise<string> {
  await Deno.mkdir("results/tests", { recursive: true });
  return "results/tests";
}

async function starts(program: string): Promise<boolean> {
  try {
    await new Deno.Command(program, { args: ["-Tlint"], stdin: "null" }).output();
    return true;
  } catch {
    return false;
  }
}
