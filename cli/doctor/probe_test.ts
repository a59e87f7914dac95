import assert from "node:assert/strict";
import { join } from "node:path";
import { createSystemContext } from "../terminal/context.ts";
import { withFolder } from "../testing_folder.ts";
import { createProbe } from "./probe.ts";

const { signal } = new AbortController();
const probe = createProbe(createSystemContext({ variables: [], signal }));

Deno.test("tryWriting() leaves nothing behind, and keeps a folder that was there", async () => {
  await withFolder(async (folder) => {
    const inner = join(folder, "a", "new");
    assert.equal(await probe.tryWriting(inner), null);
    assert.equal(await probe.exists(inner), false);
    assert.equal(await probe.tryWriting(folder), null);
    assert.equal(await probe.exists(folder), true);
  });
});

Deno.test("tryWriting() gives the reason when a folder cannot be written", async () => {
  assert.match(
    (await probe.tryWriting("deno.json/folder"))!,
    /Requires write access|not a directory/i,
  );
});

Deno.test("run() gives null when a program fails or is not there", async () => {
  assert.equal(await probe.run("bash", ["-c", "exit 3"]), null);
});

Deno.test("variable() tells what may not be read from what is not set", async () => {
  assert.deepEqual(await probe.variable("HOME"), { kind: "unknown" });
  assert.deepEqual(await probe.variable("HEADWISE_NOT_SET"), { kind: "unset" });
});
