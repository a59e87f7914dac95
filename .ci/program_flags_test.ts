import assert from "node:assert/strict";
import { withFolder } from "../cli/testing_folder.ts";
import { RAN_MARK, RUN_FLAGS, START_FLAGS } from "./program_flags.ts";
import { run } from "./testing_run.ts";

interface Config {
  readonly tasks: Readonly<Record<string, { readonly command: string }>>;
}

Deno.test("README.md documents the flags that the program is started with", () => {
  const [, block = ""] = /\n(deno run [\s\S]*?) headwise\.js bench\n/
    .exec(Deno.readTextFileSync("README.md"))!;
  assert.deepEqual(block.split(/[\s\\]+/).slice(2), RUN_FLAGS);
});

Deno.test("RUN_FLAGS lets the program see the variables that the tasks let it see", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json")) as Config;
  const ofTask = tasks["headwise"]!.command.split(" ");
  for (const kind of ["--allow-env=", "--ignore-env=", "--allow-net="]) {
    const flagOf = (flags: readonly string[]): string | undefined =>
      flags.find((flag) => flag.startsWith(kind));
    assert.equal(flagOf(RUN_FLAGS), flagOf(ofTask));
  }
});

Deno.test("START_FLAGS has a program without content end with 71, and leaves others alone", async () => {
  const mark = `Reflect.set(globalThis, Symbol.for("${RAN_MARK}"), true);`;
  const cases: readonly (readonly [string, number])[] = [
    ["", 71],
    ["\n\n", 71],
    ["// A comment", 71],
    ["await Promise.resolve();", 71],
    [mark, 0],
    [`${mark} Deno.exit(0);`, 0],
    [`${mark} Deno.exit(5);`, 5],
    [`${mark} Deno.exitCode = 3;`, 3],
    [`${mark} throw new Error();`, 1],
  ];
  await withFolder(async (folder) => {
    for (const [text, expected] of cases) {
      Deno.writeTextFileSync(`${folder}/program.js`, text);
      const args = ["run", ...START_FLAGS, `${folder}/program.js`];
      const { code, stderr } = await run("deno", args);
      assert.equal(code, expected, text);
      const said = stderr.includes("headwise: Nothing ran");
      assert.equal(said, expected === 71, text);
    }
  });
});
