import assert from "node:assert/strict";
import { OutputExists } from "./output_claim.ts";
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
    await prepareOutput(`${folder}/a/b/result.json`, null);
    assert.deepEqual(namesIn(`${folder}/a/b`), []);
  }));

Deno.test("prepareOutput() refuses a folder, and a path through a file", () =>
  inFolder(async (folder) => {
    await assert.rejects(prepareOutput(folder, null), {
      ...UNWRITABLE,
      message: /name a file in it/,
    });
    await Deno.writeTextFile(`${folder}/file`, "");
    const message = /a folder of the path is a file/;
    await assert.rejects(prepareOutput(`${folder}/file/a.json`, null), { ...UNWRITABLE, message });
  }));

Deno.test("prepareOutput() leaves a missing permission to tell its own fix", async () => {
  await assert.rejects(prepareOutput("docs/elsewhere/a.json", null), Deno.errors.NotCapable);
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
    await prepareOutput(`${folder}/a.json`, null);
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

async function inShell(command: string): Promise<void> {
  assert.ok((await new Deno.Command("sh", { args: ["-c", command] }).output()).success);
}

Deno.test("every writer refuses links, pipes and linked folders, and leaves what they lead to", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/elsewhere`);
    await Deno.writeTextFile(`${folder}/elsewhere/kept`, "kept");
    await inShell(
      `cd '${folder}' && ln -s elsewhere/kept file && ln -s elsewhere folder && mkfifo pipe`,
    );
    const paths = ["file", "folder/kept", "folder/new", "folder/new/deep", "pipe"];
    for (const name of paths) {
      const path = `${folder}/${name}`;
      const refusal = { ...UNWRITABLE, message: /is a link to|is a pipe/ };
      await assert.rejects(prepareOutput(path, null), refusal, name);
      await assert.rejects(writeTextAtomically(path, "lost"), refusal, name);
      await assert.rejects(openLineFile(path, { start: "lost", flush: true }), refusal, name);
    }
    assert.deepEqual(namesIn(`${folder}/elsewhere`), ["kept"]);
    assert.equal(await Deno.readTextFile(`${folder}/elsewhere/kept`), "kept");
    assert.deepEqual(namesIn(folder), ["elsewhere", "file", "folder", "pipe"]);
  }));

Deno.test("prepareOutput() replaces only files of the same kind that hold no more", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.json`;
    const claim = (planned: number, force = false) => ({
      what: "a list of words",
      isOwn: (beginning: string) => beginning.startsWith("words:"),
      force,
      size: { unit: "words", planned, of: (text: string) => text.split(" ").length - 1 },
    });
    const mayReplace = async (text: string | Uint8Array, o: ReturnType<typeof claim>) => {
      await Deno.writeFile(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
      try {
        await prepareOutput(path, o);
        return true;
      } catch (error) {
        assert.ok(error instanceof OutputExists, String(error));
        assert.match(error.message, /name another file, or allow it with --force$/);
        assert.deepEqual(namesIn(folder), ["a.json"]);
        return false;
      }
    };
    assert.equal(await mayReplace("words: a b", claim(2)), true);
    assert.equal(await mayReplace("words: a b", claim(1)), false);
    assert.equal(await mayReplace("words: a b", claim(1, true)), true);
    assert.equal(await mayReplace("", claim(1)), true);
    assert.equal(await mayReplace("my thesis", claim(9)), false);
    assert.equal(await mayReplace("my thesis", claim(9, true)), true);
    assert.equal(await mayReplace(new Uint8Array([0x50, 0x4b, 0xff, 0xfe]), claim(9)), false);
  }));
