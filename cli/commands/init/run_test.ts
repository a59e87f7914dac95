import assert from "node:assert/strict";
import { join } from "node:path";
import { capture } from "../../testing_context.ts";
import { withFolder } from "../../testing_folder.ts";

Deno.test("init writes a workload that validate accepts and bench replays", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "mine.yaml");
    const { exitCode, stdout } = await capture(["init", file]);
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      new RegExp(`^wrote {2}${folder}/workload\\.schema\\.json\nwrote {2}${file}\n`),
    );
    assert.equal((await capture(["fixture", "validate", file])).stdout, `accepted  ${file}\n`);
    const bench = ["bench", "--clock", "model", "--fixture", file, "--out", `${folder}/r.json`];
    const files = { [file]: await Deno.readTextFile(file) };
    assert.equal((await capture(bench, { files })).exitCode, 0);
  });
});

Deno.test("init points editors to a schema that is there", async () => {
  await withFolder(async (folder) => {
    for (const kind of ["workload", "model"]) {
      await capture(["init", join(folder, `${kind}-x.yaml`), "--kind", kind]);
      const [first] = (await Deno.readTextFile(join(folder, `${kind}-x.yaml`))).split("\n");
      const path = /^# yaml-language-server: \$schema=(\S+)$/.exec(first!)![1]!;
      const schema = await Deno.readTextFile(join(folder, path));
      assert.equal(schema, await Deno.readTextFile(`fixtures/schema/${kind}.schema.json`));
    }
  });
});

Deno.test("init names a model file relative to the workload", async () => {
  await withFolder(async (folder) => {
    const model = join(folder, "models", "own.yaml");
    await capture(["init", model, "--kind", "model"]);
    const file = join(folder, "mine.yaml");
    assert.equal((await capture(["init", file, "--model", model])).exitCode, 0);
    assert.match(await Deno.readTextFile(file), /^model: "\.\/models\/own\.yaml"$/m);
    assert.equal((await capture(["fixture", "validate", file])).exitCode, 0);
  });
});

Deno.test("init writes a second workload beside the schema of the first", async () => {
  await withFolder(async (folder) => {
    await capture(["init", join(folder, "one.yaml")]);
    const { exitCode, stdout } = await capture(["init", join(folder, "two.yaml")]);
    assert.equal(exitCode, 0);
    assert.match(stdout, new RegExp(`^wrote {2}${folder}/two\\.yaml\n`));
    assert.match(await Deno.readTextFile(join(folder, "two.yaml")), /^name: two$/m);
  });
});

Deno.test("init exits 4 and leaves a file as it is, unless it is forced", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "mine.yaml");
    await Deno.writeTextFile(file, "mine: true\n");
    const refused = await capture(["init", file]);
    assert.equal(refused.exitCode, 4);
    assert.match(
      refused.stderr,
      /it is there already; name another file, or allow it with --force/,
    );
    assert.equal(await Deno.readTextFile(file), "mine: true\n");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["mine.yaml"]);
    assert.equal((await capture(["init", file, "--force"])).exitCode, 0);
    assert.match(await Deno.readTextFile(file), /^name: mine$/m);
    assert.match((await capture(["init", file])).stdout, /^kept {3}/);
  });
});

Deno.test("init exits when a name cannot be used, and names what can", async () => {
  const file = await capture(["init", "results/My Workload.yaml"]);
  assert.equal(file.exitCode, 2);
  assert.match(
    file.stderr,
    /^FILE: Cannot write 'results\/My Workload\.yaml': .* such as 'results\//,
  );
  const model = await capture(["init", "results/tests/never.yaml", "--model", "smok"]);
  assert.equal(model.exitCode, 4);
  assert.match(model.stderr, /did you mean "smoke"\?/);
});

Deno.test("init writes through no link to a folder", async () => {
  await withFolder(async (folder) => {
    await new Deno.Command("sh", {
      args: ["-c", `cd '${folder}' && mkdir elsewhere && ln -s elsewhere linked`],
    }).output();
    const { exitCode } = await capture(["init", join(folder, "linked", "mine.yaml")]);
    assert.equal(exitCode, 4);
    assert.deepEqual([...Deno.readDirSync(join(folder, "elsewhere"))], []);
  });
});
