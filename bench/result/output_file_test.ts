import assert from "node:assert/strict";
import { openLineFile, prepareOutput, writeTextAtomically } from "./output_file.ts";

const PARENT = "results/tests/output";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir(PARENT, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: PARENT });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

const UNWRITABLE = { name: "ResultError", code: "result/unwritable" };

Deno.test("prepareOutput() makes the folder and leaves nothing in it", () =>
  inFolder(async (folder) => {
    await prepareOutput(`${folder}/a/b/result.json`);
    assert.deepEqual(namesIn(`${folder}/a/b`), []);
  }));

Deno.test("prepareOutput() refuses a folder, and a path through a file", () =>
  inFolder(async (folder) => {
    await assert.rejects(prepareOutput(folder), { ...UNWRITABLE, message: /name a file in it/ });
    await Deno.writeTextFile(`${folder}/file`, "");
    const message = /a folder of the path is a file/;
    await assert.rejects(prepareOutput(`${folder}/file/a.json`), { ...UNWRITABLE, message });
  }));

Deno.test("prepareOutput() leaves a missing permission to tell its own fix", async () => {
  await assert.rejects(prepareOutput("docs/elsewhere/a.json"), Deno.errors.NotCapable);
  await assert.rejects(writeTextAtomically("docs/a.json", ""), Deno.errors.NotCapable);
});

Deno.test("prepareOutput() removes what a killed writer of the same file left, once it is old", () =>
  inFolder(async (folder) => {
    for (const name of [".a.json.1.tmp", ".a.json.2.tmp", ".b.json.3.tmp"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "half");
    }
    const old = new Date(Date.now() - 3_600_000);
    for (const name of [".a.json.1.tmp", ".b.json.3.tmp"]) {
      await Deno.utime(`${folder}/${name}`, old, old);
    }
    await prepareOutput(`${folder}/a.json`);
    assert.deepEqual(namesIn(folder), [".a.json.2.tmp", ".b.json.3.tmp"]);
  }));

Deno.test("writeTextAtomically() replaces the file at once and leaves nothing beside it", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    await writeTextAtomically(path, "old");
    const before = await Deno.open(path);
    await writeTextAtomically(path, "new");
    // Whoever had it open still reads the old one, whole.
    assert.equal(await new Response(before.readable).text(), "old");
    assert.equal(await Deno.readTextFile(path), "new");
    assert.deepEqual(namesIn(folder), ["a.txt"]);
  }));

Deno.test("what is renamed over a file is on the disk before, and so is each line of a flushed file", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    const calls: string[] = [];
    const file = Deno.FsFile.prototype;
    const { sync, syncSync, syncDataSync } = file;
    const { rename, renameSync } = Deno;
    file.sync = function () {
      calls.push("sync");
      return sync.call(this);
    };
    file.syncSync = function () {
      calls.push("sync");
      syncSync.call(this);
    };
    file.syncDataSync = function () {
      calls.push("line");
      syncDataSync.call(this);
    };
    Deno.rename = (from, to) => {
      calls.push("rename");
      return rename(from, to);
    };
    Deno.renameSync = (from, to) => {
      calls.push("rename");
      renameSync(from, to);
    };
    try {
      await writeTextAtomically(path, "a");
      assert.deepEqual(calls.splice(0), ["sync", "rename"]);
      const lines = await openLineFile(path, { start: "1\n", flush: true });
      assert.deepEqual(calls.splice(0), ["sync", "rename"]);
      lines.append("2\n");
      lines.append("3\n");
      lines.close();
      assert.deepEqual(calls, ["line", "line"]);
    } finally {
      Object.assign(file, { sync, syncSync, syncDataSync });
      Object.assign(Deno, { rename, renameSync });
    }
  }));

Deno.test("openLineFile() leaves the old file until its first line is there", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.jsonl`;
    await Deno.writeTextFile(path, "old\n");
    (await openLineFile(path, { start: "", flush: false })).close();
    assert.equal(await Deno.readTextFile(path), "old\n");
    const file = await openLineFile(path, { start: "", flush: true });
    assert.equal(await Deno.readTextFile(path), "old\n");
    file.append("first\n");
    assert.equal(await Deno.readTextFile(path), "first\n");
    file.append("second\n");
    file.close();
    assert.equal(await Deno.readTextFile(path), "first\nsecond\n");
    const again = await openLineFile(path, { start: "first\n", flush: false });
    assert.equal(await Deno.readTextFile(path), "first\n");
    again.append("third\n");
    again.close();
    assert.equal(await Deno.readTextFile(path), "first\nthird\n");
    assert.deepEqual(namesIn(folder), ["a.jsonl"]);
  }));
