import assert from "node:assert/strict";
import { listWorkloads } from "../../fixtures/mod.ts";
import { buildRoutes } from "../app.ts";
import { commandPageOf } from "../manual/command_page.ts";
import { propose } from "./propose.ts";

const root = commandPageOf(buildRoutes());

async function wordsFor(...words: string[]): Promise<string[]> {
  return (await propose(root, words)).words.map(({ word }) => word);
}

Deno.test("propose() gives commands, and commands below them", async () => {
  assert.deepEqual(await wordsFor("con"), ["conformance"]);
  assert.ok((await wordsFor("")).includes("bench"));
  assert.ok((await wordsFor("")).every((word) => !word.startsWith("-")));
  assert.deepEqual(await wordsFor("report", ""), ["show", "merge"]);
  assert.deepEqual(await wordsFor("--he"), ["--help"]);
});

Deno.test("propose() takes the word behind an option for its value only where the option has one", async () => {
  const paths = async (...words: string[]) => (await propose(root, words)).paths;
  assert.equal(await paths("gate", "--json", "a.json", ""), "files");
  assert.equal(
    await paths("gate", "--json", "a.json", "b.json", ""),
    await paths("gate", "a", "b", ""),
  );
  assert.equal(await paths("gate", "--gate", "read", "a.json", ""), "files");
  assert.equal(await paths("gate", "--gate=read", "a.json", ""), "files");
  assert.deepEqual(await wordsFor("adapter", "init", "--clock", "py"), ["python"]);
  assert.deepEqual(await wordsFor("adapter", "init", "--out", "x", "py"), ["python"]);
});

Deno.test("propose() gives nothing behind a command that does not exist", async () => {
  assert.deepEqual(await wordsFor("bnch", ""), []);
  assert.deepEqual(await wordsFor("fixture", "nope", "--"), []);
});

Deno.test("propose() gives options that are not there yet, those of the usual command too", async () => {
  assert.deepEqual(await wordsFor("bench", "--page"), ["--page-order"]);
  assert.deepEqual(await wordsFor("bench", "--page-order", "identity", "--page"), []);
  assert.deepEqual(await wordsFor("sweep", "--wi"), ["--window"]);
  assert.deepEqual(await wordsFor("sweep", "--window", "512", "--rat"), ["--ratio"]);
  assert.ok((await wordsFor("doctor", "")).includes("--json"));
});

Deno.test("propose() gives the words of a value, behind a space and behind '='", async () => {
  assert.deepEqual(await wordsFor("bench", "--clock", ""), [
    "auto",
    "gpu",
    "model",
    "exec:",
    "module:",
    "ffi:",
    "table:",
  ]);
  assert.deepEqual(await wordsFor("bench", "--clock=mode"), ["--clock=model"]);
  assert.deepEqual(await wordsFor("gate", "--gate", "c"), ["capacity"]);
  assert.deepEqual(await wordsFor("bench", "--gate", "read,"), ["read,capacity"]);
  assert.deepEqual(await wordsFor("adapter", "init", "p"), ["python"]);
  assert.deepEqual(await wordsFor("bench", "--pairs", ""), []);
  assert.deepEqual(await wordsFor("bench", "--enforce=t"), []);
});

Deno.test("propose() gives names of fixtures, cases and subjects, and files where they fit", async () => {
  const fixtures = await propose(root, ["bench", "--fixture", ""]);
  assert.deepEqual(fixtures.words.map(({ word }) => word), listWorkloads().map(({ name }) => name));
  assert.equal(fixtures.paths, "files");
  assert.equal((await propose(root, ["gate", "a.json", ""])).paths, "files");
  assert.equal((await propose(root, ["report", "merge", "a", "b", ""])).paths, "files");
  assert.equal((await propose(root, ["adapter", "init", "c", "--out", ""])).paths, "folders");
  assert.deepEqual(await wordsFor("conformance", "--filter", "alloc"), ["allocator"]);
  assert.ok((await wordsFor("conformance", "--filter", "kernel:a")).includes("kernel:attend"));
  assert.deepEqual(await wordsFor("conformance", "--subject", "ex"), ["exec:"]);
  assert.ok((await wordsFor("kernel", "bench", "--cases", "decode")).length > 1);
});

Deno.test("propose() gives no more than the arguments that a command takes", async () => {
  assert.deepEqual(await wordsFor("gate", "a", "b", ""), await wordsFor("gate", "a", "b", "-"));
  assert.deepEqual(await wordsFor("gate", "--", "--ga"), []);
});

Deno.test("propose() gives pages to 'help'", async () => {
  assert.deepEqual(await wordsFor("help", "ex"), ["exit-codes"]);
  assert.deepEqual(await wordsFor("help", "report", ""), ["show", "merge"]);
});
