import assert from "node:assert/strict";
import type { Gpu } from "../../kernel/mod.ts";
import { cacheFolder, readTunings, storeTunings, tuningFile } from "./tuning_cache.ts";

// Only the identity of the adapter is read.
const GPU = {
  adapter: { description: "a GPU" },
  target: { subgroupSize: 32, dialect: "naga", isCompact: false },
} as Gpu;
const OTHER = { ...GPU, adapter: { ...GPU.adapter, description: "another" } } as Gpu;
const TUNING = {
  subgroups: 4,
  lanesPerKey: 8,
  keysPerGroup: 2,
  valuesInFlight: 4,
  parallelItems: 528,
};

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir("results", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("cacheFolder() follows the base directory rules", () => {
  const find = (values: Record<string, string>) => cacheFolder((name) => values[name]);
  assert.equal(find({ XDG_CACHE_HOME: "/c", HOME: "/h" }), "/c/headwise");
  assert.equal(find({ XDG_CACHE_HOME: "relative", HOME: "/h" }), "/h/.cache/headwise");
  assert.equal(find({ HOME: "/h" }), "/h/.cache/headwise");
  assert.equal(find({ HOME: "" }), null);
});

Deno.test("readTunings() gives what storeTunings() stored for this adapter alone", async () => {
  await inFolder(async (folder) => {
    assert.deepEqual(await readTunings(`${folder}/none`, GPU), { tunings: new Map(), note: null });
    await storeTunings(`${folder}/new`, GPU, new Map([["a", TUNING], ["b", TUNING]]));
    await storeTunings(`${folder}/new`, OTHER, new Map([["a", TUNING]]));
    await storeTunings(`${folder}/new`, GPU, new Map([["b", null]]));
    const { tunings, note } = await readTunings(`${folder}/new`, GPU);
    assert.deepEqual([...tunings], [["a", TUNING]]);
    assert.equal(note, null);
    assert.equal((await readTunings(`${folder}/new`, OTHER)).tunings.size, 1);
  });
});

Deno.test("readTunings() ignores a corrupted file with a note, and storeTunings() replaces it", async () => {
  await inFolder(async (folder) => {
    for (const text of ["", "{", "[]", "null", '{"kind":"headwise/tuning","schemaVersion":2}']) {
      await Deno.writeTextFile(tuningFile(folder), text);
      const { tunings, note } = await readTunings(folder, GPU);
      assert.equal(tunings.size, 0);
      assert.match(note!, /^Ignoring .*tuning\.json'/, text);
      await storeTunings(folder, GPU, new Map([["a", TUNING]]));
      assert.equal((await readTunings(folder, GPU)).tunings.size, 1);
    }
  });
});

Deno.test("readTunings() ignores a tuning that no program has", async () => {
  await inFolder(async (folder) => {
    const path = await storeTunings(folder, GPU, new Map([["a", TUNING], ["b", TUNING]]));
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace('"subgroups": 4', '"subgroups": 4000'));
    const { tunings, note } = await readTunings(folder, GPU);
    assert.deepEqual([...tunings.keys()], ["b"]);
    assert.match(note!, /^Ignoring 1 of the tunings/);
  });
});
