import assert from "node:assert/strict";
import { writeManual } from "./write_manual.ts";

Deno.test("writeManual() writes a page for each command, the same on every run", async () => {
  await Deno.mkdir("results/tests", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results/tests" });
  const paths = writeManual(folder, "2030-01-31");
  assert.ok(paths.includes(`${folder}/headwise.1`));
  assert.ok(paths.includes(`${folder}/headwise-report-merge.1`));
  assert.ok(paths.includes(`${folder}/headwise-exit-codes.7`));
  const first = paths.map((path) => Deno.readTextFileSync(path));
  assert.match(first[0]!, /^\.TH "HEADWISE" 1 2030-01-31 "headwise \d/);
  writeManual(folder, "2030-01-31");
  assert.deepEqual(paths.map((path) => Deno.readTextFileSync(path)), first);
  await Deno.remove(folder, { recursive: true });
});
