import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { START_FLAGS } from "./program_flags.ts";
import {
  EXECUTABLE,
  namesIn,
  pack,
  type Place,
  SCRIPT,
  testInPlace,
  UNPACKED,
} from "./testing_executable.ts";

Deno.test("packExecutable() gives the same bytes twice, and leaves no placeholder", () => {
  assert.equal(Buffer.compare(pack(), EXECUTABLE), 0);
  const script = new TextDecoder("latin1").decode(EXECUTABLE).split("\nexit\n")[0]!;
  assert.doesNotMatch(script, /@[A-Z_]+@/);
  assert.throws(() => pack("@NOBODY_KNOWS@"), { message: /'@NOBODY_KNOWS@': it has no value/ });
});

testInPlace("arguments, standard input and exit code pass", async ({ run, cache }) => {
  const args = ["bench", "a b", "*", "", "--allow-read=/x", "exit-7"];
  const first = await run(args, { input: "typed\n" });
  const flags = ["run", ...START_FLAGS, `--allow-run=${cache}/deno`, `${cache}/headwise.js`];
  const given = [...flags, ...args].map((argument) => `<${argument}>`).join("");
  assert.deepEqual(first, { code: 7, stdout: `${given}typed\n`, stderr: "" });
  assert.deepEqual(await run(args, { input: "typed\n" }), first);
  assert.deepEqual(namesIn(cache), UNPACKED);
});

testInPlace("permissions that come first are the runtime's", async ({ run, cache }) => {
  const program = `<${cache}/headwise.js>`;
  const { stdout } = await run(["--allow-read=/a b", "--deny-net=::1", "bench", "--allow-x=1"]);
  assert.ok(
    stdout.endsWith(`<--allow-read=/a b><--deny-net=::1>${program}<bench><--allow-x=1>`),
  );
  assert.ok((await run(["--allow-read=/a"])).stdout.endsWith(`<--allow-read=/a>${program}`));
  assert.ok((await run([])).stdout.endsWith(program));
});

testInPlace("only the first start unpacks", async ({ run, change }) => {
  assert.equal((await run()).code, 0);
  // What follows the script is not looked at any more.
  change((bytes) => bytes.subarray(0, bytes.length - 1000));
  assert.deepEqual({ ...(await run()), stdout: "" }, { code: 0, stdout: "", stderr: "" });
});

testInPlace("ten first starts at once all run", async ({ run, cache }) => {
  const runs = await Promise.all(Array.from({ length: 10 }, (_, i) => run([`start ${i}`])));
  for (const [i, { code, stdout, stderr }] of runs.entries()) {
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.ok(stdout.endsWith(`<start ${i}>`));
  }
  assert.deepEqual(namesIn(cache), UNPACKED);
});

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  testInPlace(
    `a first start after ${signal} fixes what it left`,
    async ({ spawn, run, replace, cache, home }) => {
      // Stops half way through, says so, and waits until the signal was sent, or all is gone.
      const wait = 'while [ -e "$HOME/half-way" ]; do sleep 0.1; done';
      replace("gzip", `head -c 100; : >"$HOME/half-way"; ${wait}`);
      const child = spawn();
      let hasEnded = false;
      child.status.then(() => hasEnded = true);
      while (!hasEnded && !namesIn(home).includes("half-way")) {
        await new Promise((done) => setTimeout(done, 5));
      }
      child.kill(signal);
      Deno.removeSync(`${home}/half-way`);
      await Promise.all([child.stdin.close(), child.output()]);
      const left = namesIn(cache);
      assert.equal(left.length, signal === "SIGKILL" ? 1 : 0, left.join());
      Deno.removeSync(`${home}/bin/gzip`);
      assert.equal((await run()).code, 0);
      assert.deepEqual(namesIn(cache), UNPACKED);
    },
  );
}

testInPlace("what living processes and other machines unpack stays", async ({ run, cache }) => {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "uname -n"] }).output();
  const host = new TextDecoder().decode(stdout).trim();
  const others = [`unpacking.${host}.${Deno.pid}`, "unpacking.elsewhere.999999999"];
  for (const name of others) Deno.mkdirSync(`${cache}/${name}`, { recursive: true });
  assert.equal((await run()).code, 0);
  assert.deepEqual(namesIn(cache), [...UNPACKED, ...others].sort());
});

async function assertFails(place: Place, message: RegExp): Promise<void> {
  const { code, stdout, stderr } = await place.run();
  assert.match(stderr, message);
  assert.deepEqual({ code, stdout }, { code: 71, stdout: "" });
  assert.deepEqual(namesIn(place.cache), []);
}

testInPlace("a file cut short is refused", async (place) => {
  place.change((bytes) => bytes.subarray(0, bytes.length - 1));
  await assertFails(
    place,
    /^headwise: This file has (\d+) bytes of (?!\1)\d+: download it again$/m,
  );
});

testInPlace("a flipped bit is refused", async (place) => {
  place.change((bytes) => {
    bytes[bytes.length - 1000]! ^= 1;
    return bytes;
  });
  await assertFails(place, /^headwise: This file is damaged, .*: download it again$/m);
});

for (const name of ["PROGRAM", "RUNTIME", "NOTICES"]) {
  testInPlace(
    `another hash of the ${name.toLowerCase()} is refused`,
    (place) => assertFails(place, /This file is damaged/),
    () => pack(SCRIPT.replace(` @${name}_SHA256@`, ` ${"0".repeat(64)}`)),
  );
}

testInPlace("a full disk is told from a damaged file", async (place) => {
  // The program still finds room, the runtime does not.
  const full =
    'if [ "$1" != -t ] && [ -e "$HOME/full" ]; then echo "No space left" >&2; exit 1; fi';
  place.replace("gzip", `${full}\n: >"$HOME/full"\ncommand -p gzip "$@"`);
  await assertFails(place, /No space left\nheadwise: Cannot write to .*with 2 MB of room$/m);
});

testInPlace("a runtime that does not run says why", async (place) => {
  Deno.writeTextFileSync(`${place.home}/refuse`, "");
  await assertFails(
    place,
    /Cannot run what was .*: no such library; this file is for test-x64/,
  );
});

testInPlace("where it unpacks can be chosen", async ({ run, home, cache }) => {
  const [hash] = cache.split("/").slice(-1);
  const env = { XDG_CACHE_HOME: `${home}/xdg` };
  assert.equal((await run([], { env })).code, 0);
  assert.deepEqual(namesIn(`${home}/xdg/headwise/${hash}`), UNPACKED);
  const chosen = { ...env, HEADWISE_CACHE_DIR: `${home}/chosen` };
  assert.equal((await run([], { env: chosen })).code, 0);
  assert.deepEqual(namesIn(`${home}/chosen/${hash}`), UNPACKED);
  assert.equal((await run([], { env: { XDG_CACHE_HOME: "relative" } })).code, 0);
  assert.deepEqual(namesIn(cache), UNPACKED);
});

testInPlace("a folder that cannot be made is an error with its fix", async ({ run, home }) => {
  const cases: [Record<string, string>, RegExp][] = [
    // Below a file no one can make a folder, root included.
    [{ HOME: `${home}/headwise` }, /Cannot write to .*: set HEADWISE_CACHE_DIR to a folder/],
    [{ HOME: "" }, /HOME is not set; set HEADWISE_CACHE_DIR/],
    [{ HEADWISE_CACHE_DIR: "here" }, /'here': set HEADWISE_CACHE_DIR to an absolute path/],
  ];
  for (const [env, message] of cases) {
    const { code, stderr } = await run([], { env });
    assert.match(stderr, message);
    assert.equal(code, 71);
  }
});
