import assert from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../version.ts";
import { withFolder } from "../testing_folder.ts";
import { describeProvenance, describeReportEnvironment, readSourceState } from "./provenance.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

function checkout(folder: string, files: Readonly<Record<string, string>>): void {
  Deno.mkdirSync(join(folder, ".git", "refs", "heads"), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    Deno.writeTextFileSync(join(folder, ".git", path), text);
  }
}

Deno.test("readSourceState() follows HEAD to a loose, a packed and a detached commit", async () => {
  const cases: readonly Readonly<Record<string, string>>[] = [
    { "HEAD": "ref: refs/heads/main\n", "refs/heads/main": `${COMMIT}\n` },
    { "HEAD": "ref: refs/heads/main\n", "packed-refs": `# pack\n${COMMIT} refs/heads/main\n` },
    { "HEAD": `${COMMIT}\n` },
  ];
  for (const files of cases) {
    await withFolder(async (folder) => {
      checkout(folder, files);
      for (const clean of [true, false, null]) {
        const state = await readSourceState(folder, (root) => {
          assert.equal(root, folder);
          return Promise.resolve(clean);
        });
        assert.deepEqual(state, { commit: COMMIT, clean });
      }
    });
  }
});

Deno.test("readSourceState() says that it does not know where there is no checkout", async () => {
  await withFolder(async (folder) => {
    const notAsked = () => assert.fail("there is no checkout to ask about");
    assert.deepEqual(await readSourceState(folder, notAsked), { commit: null, clean: null });
  });
});

Deno.test("describeProvenance() names the version, and no driver without a GPU", async () => {
  const { headwise, driver, adapter } = await describeProvenance(null);
  assert.deepEqual([headwise, driver, adapter], [VERSION, null, null]);
});

Deno.test("describeReportEnvironment() leaves out what is not known", async () => {
  const facts = await describeReportEnvironment();
  assert.equal(facts.headwise, VERSION);
  for (const [name, value] of Object.entries(facts)) {
    assert.ok(typeof value === "string" && !["null", "undefined", ""].includes(value), name);
  }
  assert.ok(!("driver" in facts) && !("adapter" in facts));
});
