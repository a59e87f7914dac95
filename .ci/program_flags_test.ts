import assert from "node:assert/strict";
import { RUN_FLAGS } from "./program_flags.ts";

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
