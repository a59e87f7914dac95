import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../exit_code.ts";
import { capture } from "../../testing_context.ts";
import { replaceFile, withFolder } from "../../testing_folder.ts";
import { startProgram } from "../../testing_program.ts";

Deno.test("bench --watch runs again when the model file or the settings change", async () => {
  await withFolder(async (folder) => {
    const [file, model] = [join(folder, "mine.yaml"), join(folder, "own.yaml")];
    const config = join(folder, "headwise.yaml");
    await Deno.writeTextFile(config, "bench:\n  clock: model\n");
    await replaceFile(
      model,
      (await Deno.readTextFile("fixtures/models/smoke.yaml")).replace("smoke", "own"),
    );
    await capture(["init", file, "--model", model]);
    const out = join(folder, "result.json");
    const args = ["bench", "--fixture", file, "--config", config, "--out", out, "--watch"];
    const program = startProgram(args);
    await program.expect("stdout", /PASS +gate\/read/);
    await program.expect("stderr", new RegExp(`Watching ${file}, ${model}, ${config}; `));
    await replaceFile(model, (await Deno.readTextFile(model)).replace("layers: 2", "layers: two"));
    await program.expect("stderr", /own\.yaml:\d+:\d+[^]*Watching/);
    await replaceFile(model, (await Deno.readTextFile(model)).replace("layers: two", "layers: 2"));
    await program.expect("stdout", /PASS +gate\/read/);
    await program.expect("stderr", /Watching/);
    await replaceFile(config, "bench:\n  clok: model\n");
    await program.expect("stderr", /headwise\.yaml:2:3: .*did you mean 'clock'\?[^]*Watching/);
    assert.equal(await program.interrupt(), EXIT.interrupted);
  });
});

Deno.test("--watch exits 2 when nothing can change", async () => {
  for (const args of [["bench"], ["fixture", "validate", "smoke"]]) {
    const { exitCode, stderr } = await capture([...args, "--watch"]);
    assert.equal(exitCode, EXIT.usage);
    assert.match(stderr, /^--watch: Cannot watch (a )?built-in fixtures?; name a file/);
  }
});
