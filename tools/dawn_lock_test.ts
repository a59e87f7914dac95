import assert from "node:assert/strict";

/** The parts of a lock file that name packages. */
interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, unknown>>;
}

async function readLock(path: string): Promise<Lock> {
  return JSON.parse(await Deno.readTextFile(path));
}

Deno.test("The lock file of --gpu dawn holds all of deno.lock and nothing but Dawn besides", async () => {
  const ours = await readLock("deno.lock");
  const dawn = await readLock("tools/dawn.lock");
  const { "npm:webgpu@0.6.2": version, ...specifiers } = dawn.specifiers;
  assert.equal(version, "0.6.2");
  assert.deepEqual(specifiers, ours.specifiers, "run `deno task lock:dawn`");
  const more = Object.keys(dawn.npm).filter((name) => !(name in ours.npm));
  const bare = more.map((name) => name.replace(/(?<=.)@.*/, ""));
  assert.deepEqual(bare, ["@webgpu/types", "debug", "ms", "webgpu"]);
  for (const [name, entry] of Object.entries(ours.npm)) {
    assert.deepEqual(dawn.npm[name], entry, "run `deno task lock:dawn`");
  }
});
