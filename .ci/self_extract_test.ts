import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { resolve } from "node:path";
import { START_FLAGS } from "./program_flags.ts";
import { packExecutable } from "./self_extract.ts";

/** Stands for Deno: shows what it is given, reads standard input, and ends as it is told to. */
const RUNTIME = `#!/bin/sh
case $1 in
  --version) [ ! -e "$HOME/refuse" ] || { echo 'no such library' >&2; exit 1; } ;;
  run)
    for argument do printf '<%s>' "$argument"; done
    cat
    case $argument in exit-*) exit "\${argument#exit-}" ;; esac
    ;;
esac
exit 0
`;
const SCRIPT = Deno.readTextFileSync(".ci/self_extract.sh");
const NOT_WINDOWS = { ignore: Deno.build.os === "windows" };

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Place {
  /** Home, with nothing in it; the executable lies in it. */
  readonly home: string;
  /** The folder of the cache that belongs to this executable. */
  readonly cache: string;
  /** Starts it in its own process. */
  readonly spawn: (args?: readonly string[], env?: Record<string, string>) => Deno.ChildProcess;
  /** Starts it, with a text on its standard input. */
  readonly run: (
    args?: readonly string[],
    o?: { readonly env?: Record<string, string>; readonly input?: string },
  ) => Promise<Run>;
  /** Puts a program before the system's of the same name. */
  readonly replace: (program: string, script: string) => void;
  /** Writes the executable again, with its bytes changed. */
  readonly change: (change: (bytes: Uint8Array) => Uint8Array) => void;
}

function pack(script = SCRIPT): Uint8Array<ArrayBuffer> {
  // What does not compress takes long enough for several starts to meet.
  const ballast = new Uint8Array(1_500_000);
  let state = 1;
  for (let i = 0; i < ballast.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    ballast[i] = state >>> 24;
  }
  return packExecutable({
    script,
    program: new TextEncoder().encode("the program"),
    notices: new TextEncoder().encode("the notices"),
    runtime: new Uint8Array([...new TextEncoder().encode(RUNTIME), ...ballast]),
    version: "1.2.3",
    platform: "test-x64",
  });
}

const EXECUTABLE = pack();

async function inPlace(
  use: (place: Place) => Promise<void>,
  executable = EXECUTABLE,
): Promise<void> {
  Deno.mkdirSync("results", { recursive: true });
  const home = resolve(Deno.makeTempDirSync({ dir: "results", prefix: "extract it-" }));
  const file = `${home}/headwise`;
  Deno.writeFileSync(file, executable);
  Deno.mkdirSync(`${home}/bin`);
  const [hash] = /\/([0-9a-f]{32})$/m.exec(new TextDecoder("latin1").decode(executable))!.slice(1);
  const spawn: Place["spawn"] = (args = [], env = {}) =>
    new Deno.Command("sh", {
      args: ["-c", 'PATH="$HOME/bin:${TOOLS:-$PATH}"; exec sh "$@"', "sh", file, ...args],
      env: { HOME: home, XDG_CACHE_HOME: "", HEADWISE_CACHE_DIR: "", DENO_DIR: "", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  try {
    await use({
      home,
      cache: `${home}/.cache/headwise/${hash}`,
      spawn,
      run: async (args, o = {}) => {
        const child = spawn(args, o.env);
        const fed = new Response(o.input ?? "").body!.pipeTo(child.stdin).catch(() => {
          // It may end without having read anything.
        });
        const { code, stdout, stderr } = await child.output();
        await fed;
        const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
        return { code, stdout: text(stdout), stderr: text(stderr) };
      },
      replace: (program, script) =>
        Deno.writeTextFileSync(`${home}/bin/${program}`, `#!/bin/sh\n${script}`, { mode: 0o755 }),
      change: (change) => Deno.writeFileSync(file, change(Deno.readFileSync(file))),
    });
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
}

/** Names in a folder; none where the folder is not there. */
function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const UNPACKED = ["LICENSES.txt", "deno", "headwise.js"];

Deno.test("packExecutable() gives the same bytes twice, and leaves no placeholder", () => {
  assert.equal(Buffer.compare(pack(), EXECUTABLE), 0);
  const script = new TextDecoder("latin1").decode(EXECUTABLE).split("\nexit\n")[0]!;
  assert.doesNotMatch(script, /@[A-Z_]+@/);
  assert.throws(() => pack("@NOBODY_KNOWS@"), { message: /'@NOBODY_KNOWS@': it has no value/ });
});

Deno.test(
  "self-extracting: arguments, standard input and exit code pass",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, cache }) => {
      const args = ["bench", "a b", "*", "", "--allow-read=/x", "exit-7"];
      const first = await run(args, { input: "typed\n" });
      const flags = ["run", ...START_FLAGS, `--allow-run=${cache}/deno`, `${cache}/headwise.js`];
      const given = [...flags, ...args].map((argument) => `<${argument}>`).join("");
      assert.deepEqual(first, { code: 7, stdout: `${given}typed\n`, stderr: "" });
      assert.deepEqual(await run(args, { input: "typed\n" }), first);
      assert.deepEqual(namesIn(cache), UNPACKED);
    }),
);

Deno.test(
  "self-extracting: permissions that come first are the runtime's",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, cache }) => {
      const program = `<${cache}/headwise.js>`;
      const { stdout } = await run(["--allow-read=/a b", "--deny-net=::1", "bench", "--allow-x=1"]);
      assert.ok(
        stdout.endsWith(`<--allow-read=/a b><--deny-net=::1>${program}<bench><--allow-x=1>`),
      );
      assert.ok((await run(["--allow-read=/a"])).stdout.endsWith(`<--allow-read=/a>${program}`));
      assert.ok((await run([])).stdout.endsWith(program));
    }),
);

Deno.test(
  "self-extracting: only the first start unpacks",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, change }) => {
      assert.equal((await run()).code, 0);
      // What follows the script is not looked at any more.
      change((bytes) => bytes.subarray(0, bytes.length - 1000));
      assert.deepEqual({ ...(await run()), stdout: "" }, { code: 0, stdout: "", stderr: "" });
    }),
);

Deno.test(
  "self-extracting: ten first starts at once all run",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, cache }) => {
      const runs = await Promise.all(Array.from({ length: 10 }, (_, i) => run([`start ${i}`])));
      for (const [i, { code, stdout, stderr }] of runs.entries()) {
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        assert.ok(stdout.endsWith(`<start ${i}>`));
      }
      assert.deepEqual(namesIn(cache), UNPACKED);
    }),
);

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  Deno.test(
    `self-extracting: a first start after ${signal} mends what it left`,
    NOT_WINDOWS,
    () =>
      inPlace(async ({ spawn, run, replace, cache, home }) => {
        // Stops half way through, and says so.
        replace("gzip", 'head -c 100; : >"$HOME/half-way"; exec sleep 1');
        const child = spawn();
        while (!namesIn(home).includes("half-way")) {
          await new Promise((done) => setTimeout(done, 5));
        }
        child.kill(signal);
        await Promise.all([child.stdin.close(), child.output()]);
        const left = namesIn(cache);
        assert.equal(left.length, signal === "SIGKILL" ? 1 : 0, left.join());
        Deno.removeSync(`${home}/bin/gzip`);
        assert.equal((await run()).code, 0);
        assert.deepEqual(namesIn(cache), UNPACKED);
      }),
  );
}

Deno.test(
  "self-extracting: what living processes and other machines unpack stays",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, cache }) => {
      const { stdout } = await new Deno.Command("sh", { args: ["-c", "uname -n"] }).output();
      const host = new TextDecoder().decode(stdout).trim();
      const others = [`unpacking.${host}.${Deno.pid}`, "unpacking.elsewhere.999999999"];
      for (const name of others) Deno.mkdirSync(`${cache}/${name}`, { recursive: true });
      assert.equal((await run()).code, 0);
      assert.deepEqual(namesIn(cache), [...UNPACKED, ...others].sort());
    }),
);

/** Deno may only link where it may read and write all there is. */
async function shell(script: string, ...args: string[]): Promise<void> {
  await new Deno.Command("sh", { args: ["-c", script, "sh", ...args] }).output();
}

/** What can become of a file that nobody meant to change; each is given its path. */
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

Deno.test(
  "self-extracting: what was damaged in the cache is never run, but unpacked again",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, cache }) => {
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
    }),
);

const TOOLS = "sh head tail gzip wc ls id uname mkdir chmod mv rm cat".split(" ");

Deno.test(
  "self-extracting: hashes are checked by whichever program is there",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, home, cache }) => {
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
        const mended = await run([], { env });
        assert.equal(mended.code, 0, mended.stderr);
        assert.match(mended.stderr, /is damaged/, hasher);
        assert.equal(Deno.readTextFileSync(`${cache}/headwise.js`), "the program");
        Deno.removeSync(cache, { recursive: true });
      }
      assert.ok(checked >= 2);
    }),
);

Deno.test(
  "self-extracting: what others own or may write is not run, and says what to do",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, replace, home, cache }) => {
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
    }),
);

Deno.test(
  "self-extracting: files are flushed before they are moved into place",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, replace, home }) => {
      replace("sync", `for each; do [ -s "$each" ] && echo "\${each##*/}" >>"$HOME/order"; done`);
      replace("mv", `echo moved >>"$HOME/order"; exec /bin/mv "$@"`);
      assert.equal((await run()).code, 0);
      const order = Deno.readTextFileSync(`${home}/order`).trim().split("\n");
      assert.deepEqual(order, ["LICENSES.txt", "headwise.js", "deno", "moved", "moved", "moved"]);
      assert.equal((await run()).code, 0);
      assert.equal(Deno.readTextFileSync(`${home}/order`).trim().split("\n").length, 6);
    }),
);

async function assertFails(place: Place, message: RegExp): Promise<void> {
  const { code, stdout, stderr } = await place.run();
  assert.match(stderr, message);
  assert.deepEqual({ code, stdout }, { code: 71, stdout: "" });
  assert.deepEqual(namesIn(place.cache), []);
}

Deno.test(
  "self-extracting: a file cut short is refused",
  NOT_WINDOWS,
  () =>
    inPlace(async (place) => {
      place.change((bytes) => bytes.subarray(0, bytes.length - 1));
      await assertFails(
        place,
        /^headwise: This file has (\d+) bytes of (?!\1)\d+: download it again$/m,
      );
    }),
);

Deno.test("self-extracting: a flipped bit is refused", NOT_WINDOWS, () =>
  inPlace(async (place) => {
    place.change((bytes) => {
      bytes[bytes.length - 1000]! ^= 1;
      return bytes;
    });
    await assertFails(place, /^headwise: This file is damaged, .*: download it again$/m);
  }));

Deno.test("self-extracting: content with another hash is refused", NOT_WINDOWS, async () => {
  for (const name of ["PROGRAM", "RUNTIME", "NOTICES"]) {
    const other = SCRIPT.replace(` @${name}_SHA256@`, ` ${"0".repeat(64)}`);
    await inPlace((place) => assertFails(place, /This file is damaged/), pack(other));
  }
});

Deno.test(
  "self-extracting: a full disk is told from a damaged file",
  NOT_WINDOWS,
  () =>
    inPlace(async (place) => {
      // The program still finds room, the runtime does not.
      const full =
        'if [ "$1" != -t ] && [ -e "$HOME/full" ]; then echo "No space left" >&2; exit 1; fi';
      place.replace("gzip", `${full}\n: >"$HOME/full"\ncommand -p gzip "$@"`);
      await assertFails(place, /No space left\nheadwise: Cannot write to .*with 2 MB of room$/m);
    }),
);

Deno.test(
  "self-extracting: a runtime that does not run says why",
  NOT_WINDOWS,
  () =>
    inPlace(async (place) => {
      Deno.writeTextFileSync(`${place.home}/refuse`, "");
      await assertFails(
        place,
        /Cannot run what was .*: no such library; this file is for test-x64/,
      );
    }),
);

Deno.test(
  "self-extracting: where it unpacks can be chosen",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, home, cache }) => {
      const [hash] = cache.split("/").slice(-1);
      const env = { XDG_CACHE_HOME: `${home}/xdg` };
      assert.equal((await run([], { env })).code, 0);
      assert.deepEqual(namesIn(`${home}/xdg/headwise/${hash}`), UNPACKED);
      const chosen = { ...env, HEADWISE_CACHE_DIR: `${home}/chosen` };
      assert.equal((await run([], { env: chosen })).code, 0);
      assert.deepEqual(namesIn(`${home}/chosen/${hash}`), UNPACKED);
      assert.equal((await run([], { env: { XDG_CACHE_HOME: "relative" } })).code, 0);
      assert.deepEqual(namesIn(cache), UNPACKED);
    }),
);

Deno.test(
  "self-extracting: a folder that cannot be made is an error with its fix",
  NOT_WINDOWS,
  () =>
    inPlace(async ({ run, home }) => {
      const cases: [Record<string, string>, RegExp][] = [
        // Below a file nobody can make a folder, root included.
        [{ HOME: `${home}/headwise` }, /Cannot write to .*: set HEADWISE_CACHE_DIR to a folder/],
        [{ HOME: "" }, /HOME is not set; set HEADWISE_CACHE_DIR/],
        [{ HEADWISE_CACHE_DIR: "here" }, /'here': set HEADWISE_CACHE_DIR to an absolute path/],
      ];
      for (const [env, message] of cases) {
        const { code, stderr } = await run([], { env });
        assert.match(stderr, message);
        assert.equal(code, 71);
      }
    }),
);
