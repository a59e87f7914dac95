/** What lies in the cache is run only if no one else could have put it there. */
import assert from "node:assert/strict";
import { namesIn, testInPlace, UNPACKED } from "./testing_executable.ts";

/** Deno may only link where it may read and write all there is. */
async function shell(script: string, ...args: string[]): Promise<void> {
  await new Deno.Command("sh", { args: ["-c", script, "sh", ...args] }).output();
}

/** What can become of a file that no one meant to change; each is given its path. */
const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  emptied: (path) => Deno.truncateSync(path),
  "cut short": (path) => Deno.truncateSync(path, Deno.statSync(path).size - 1),
  lengthened: (path) => Deno.writeFileSync(path, Uint8Array.of(10), { append: true }),
  changed: (path) => {
    const bytes = Deno.readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    Deno.writeFileSync(path, bytes);
  },
  removed: (path) => Deno.removeSync(path),
  "replaced by zeros": (path) => Deno.writeFileSync(path, new Uint8Array(Deno.statSync(path).size)),
};

testInPlace(
  "what was damaged in the cache is never run, but unpacked again",
  async ({ run, cache }) => {
    const good = await run(["x"]);
    for (const name of UNPACKED) {
      for (const [kind, damage] of Object.entries(DAMAGES)) {
        damage(`${cache}/${name}`);
        const { stderr, ...rest } = await run(["x"]);
        assert.deepEqual({ ...rest, stderr: "" }, good, `${name} ${kind}`);
        const isSaid = !(name === "deno" && kind === "removed");
        assert.equal(/is damaged: it is unpacked again/.test(stderr), isSaid, `${name} ${kind}`);
      }
    }
    // A runtime that may not be run is no other case.
    Deno.chmodSync(`${cache}/deno`, 0o600);
    assert.equal((await run(["x"])).stdout, good.stdout);
  },
);

const TOOLS = "sh head tail gzip wc ls id uname mkdir chmod mv rm cat".split(" ");

testInPlace("hashes are checked by whichever program is there", async ({ run, home, cache }) => {
  let checked = 0;
  for (const hasher of ["openssl", "sha256sum", "shasum", "cmp", "none"]) {
    const tools = `${home}/${hasher}`;
    Deno.mkdirSync(tools);
    for (const name of [...TOOLS, hasher]) {
      await shell('found=$(command -v "$1") && ln -s "$found" "$2"', name, `${tools}/${name}`);
    }
    const isThere = namesIn(tools).includes(hasher);
    const env = { TOOLS: tools };
    if (hasher === "none") {
      // Nothing unchecked is run.
      assert.equal((await run([], { env })).code, 71);
      continue;
    }
    if (!isThere) continue;
    checked++;
    assert.equal((await run([], { env })).stderr, "", hasher);
    Deno.truncateSync(`${cache}/headwise.js`);
    const fixed = await run([], { env });
    assert.equal(fixed.code, 0, fixed.stderr);
    assert.match(fixed.stderr, /is damaged/, hasher);
    assert.equal(Deno.readTextFileSync(`${cache}/headwise.js`), "the program");
    Deno.removeSync(cache, { recursive: true });
  }
  assert.ok(checked >= 2);
});

testInPlace(
  "what others own or may write is not run, and says what to do",
  async ({ run, replace, home, cache }) => {
    assert.equal((await run()).code, 0);
    const parent = cache.slice(0, cache.lastIndexOf("/"));
    Deno.mkdirSync(`${cache}/cache`);
    const refused = async (what: RegExp): Promise<void> => {
      const { code, stdout, stderr } = await run();
      assert.match(stderr, what);
      assert.match(stderr, /or set HEADWISE_CACHE_DIR to a folder of your own$/m);
      assert.deepEqual({ code, stdout }, { code: 71, stdout: "" });
    };
    const places = [parent, cache, ...UNPACKED.concat("cache").map((name) => `${cache}/${name}`)];
    for (const path of places) {
      const mode = Deno.statSync(path).mode! & 0o777;
      for (const others of [0o020, 0o002, 0o022]) {
        Deno.chmodSync(path, mode | others);
        await refused(/may be written by others; run 'chmod go-w' on it/);
      }
      // As /tmp is: others may add names to the parent, but not take ours away.
      Deno.chmodSync(path, mode | 0o1022);
      if (path === parent) assert.equal((await run()).code, 0);
      else await refused(/may be written by others/);
      Deno.chmodSync(path, mode);
      try {
        Deno.chownSync(path, 12345, null);
        await refused(/belongs to another user; have it removed/);
        Deno.chownSync(path, 0, null);
      } catch (error) {
        // Who is not root may not give a file away, but may be taken for another.
        if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
        replace("id", "echo 12345");
        await refused(/belongs to another user; have it removed/);
        Deno.removeSync(`${home}/bin/id`);
      }
      Deno.renameSync(path, `${home}/moved`);
      await shell('ln -s "$1" "$2"', `${home}/moved`, path);
      await refused(/is a link; remove it/);
      Deno.removeSync(path);
      Deno.renameSync(`${home}/moved`, path);
      assert.equal((await run()).code, 0);
    }
  },
);

testInPlace(
  "files are flushed before they are moved into place",
  async ({ run, replace, home }) => {
    replace("sync", `for each; do [ -s "$each" ] && echo "\${each##*/}" >>"$HOME/order"; done`);
    replace("mv", `echo moved >>"$HOME/order"; exec /bin/mv "$@"`);
    assert.equal((await run()).code, 0);
    const order = Deno.readTextFileSync(`${home}/order`).trim().split("\n");
    assert.deepEqual(order, ["LICENSES.txt", "headwise.js", "deno", "moved", "moved", "moved"]);
    assert.equal((await run()).code, 0);
    assert.equal(Deno.readTextFileSync(`${home}/order`).trim().split("\n").length, 6);
  },
);
