import assert from "node:assert/strict";
import { writeScripts } from "./scripts.ts";

Deno.test("writeScripts() writes every script beside what it imports", async () => {
  const folder = "results/tests/card-scripts";
  await writeScripts(folder, { force: false });
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  assert.deepEqual(names, [
    "gpu_kernels.py",
    "measure_profile.py",
    "model_loop.py",
    "paged_rows.py",
  ]);
  const text = await Deno.readTextFile(`${folder}/measure_profile.py`);
  assert.match(text, /headwise-card-profile\/1/);
});
