import assert from "node:assert/strict";
import { createScratch, type Scratch } from "./scratch.ts";
import { writeTensors } from "./safetensors.ts";
import { SCRATCH_PARENT } from "./testing_adapters.ts";

const ONE = new Map([["x", { dtype: "I32", shape: [1], data: Int32Array.of(7) } as const]]);

async function withScratch(use: (scratch: Scratch) => void | Promise<void>): Promise<void> {
  const scratch = await createScratch({ parent: SCRATCH_PARENT, maxFileBytes: 1000 });
  try {
    await use(scratch);
  } finally {
    await scratch.close();
  }
  await assert.rejects(Deno.stat(scratch.path), Deno.errors.NotFound);
}

const fault = { name: "AdapterFault", verdict: "adapter-error" } as const;

Deno.test("createScratch() passes tensors on and removes what was taken", () =>
  withScratch((scratch) => {
    const name = scratch.write(ONE);
    assert.deepEqual(scratch.take(name).get("x"), ONE.get("x"));
    assert.throws(() => scratch.take(name), { ...fault, message: /not there/ });
  }));

Deno.test("createScratch() refuses names that lead out of the folder", () =>
  withScratch((scratch) => {
    for (const name of ["../x.safetensors", "/etc/hostname", "a/../b", ".."]) {
      assert.throws(() => scratch.take(name), { ...fault, message: /bare name/ });
    }
  }));

Deno.test("createScratch() refuses folders in place of files", () =>
  withScratch(async (scratch) => {
    await Deno.mkdir(`${scratch.path}/folder`);
    assert.throws(() => scratch.take("folder"), { ...fault, message: /it is a folder/ });
  }));

Deno.test("createScratch() refuses a file past the limit before it reads it", () =>
  withScratch(async (scratch) => {
    const file = await Deno.open(`${scratch.path}/big`, { write: true, createNew: true });
    await file.truncate(10 * 2 ** 30);
    file.close();
    assert.throws(() => scratch.take("big"), { ...fault, message: /10737418240 bytes/ });
  }));

Deno.test("createScratch() calls a broken file a fault of the adapter", () =>
  withScratch(async (scratch) => {
    await Deno.writeFile(`${scratch.path}/cut`, writeTensors(ONE).subarray(0, 20));
    assert.throws(() => scratch.take("cut"), { ...fault, message: /^File "cut"/ });
  }));

Deno.test("createScratch() refuses links, pipes and devices that an adapter planted", () =>
  withScratch(async (scratch) => {
    const code = "import os, sys; os.chdir(sys.argv[1]); os.symlink('/etc/hostname', 'link'); " +
      "os.symlink('/dev/zero', 'device'); os.mkfifo('pipe')";
    // Only an adapter with every permission can make these, so one is played by Python.
    const adapter = new Deno.Command("python3", { args: ["-c", code, scratch.path] });
    assert.ok((await adapter.output()).success);
    for (const name of ["link", "device", "pipe"]) {
      assert.throws(() => scratch.take(name), { ...fault, message: /a link, a pipe or a device/ });
    }
  }));
