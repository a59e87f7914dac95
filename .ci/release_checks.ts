/**
 * Builds what a release consists of and runs it where neither Deno nor this checkout is. Not named
 * as tests are: it takes longer, and `deno task test:release` runs it.
 */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { withFolder } from "../cli/testing_folder.ts";
import { PERMISSIONS } from "./program_flags.ts";
import { checkProgram, type Headwise, type Run, run } from "./testing_run.ts";

const NOT_LINUX = { ignore: Deno.build.os !== "linux" };

async function runWell(...given: Parameters<typeof run>): Promise<string> {
  const { code, stdout, stderr } = await run(...given);
  assert.equal(code, 0, `${given[0]} ${given[1].join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

/** Runs `.ci/compile.ts` with the permissions of its task. */
function compile(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const granted = ["--allow-read=dist,results", "--allow-write=dist,results", "--allow-run=deno"];
  return run("deno", ["run", "--quiet", "--no-prompt", ...granted, ".ci/compile.ts", ...args], {
    env,
  });
}

/** What both ways to install it must do. */
async function checkInstalled(t: Deno.TestContext, headwise: Headwise): Promise<void> {
  await checkProgram(t, headwise);
  await t.step("gate compares two results", async () => {
    const again = "results/again.json";
    assert.equal((await headwise("bench", "--clock", "model", "--out", again)).code, 0);
    const gate = await headwise("gate", "results/bench.json", again);
    assert.match(gate.stdout, /^PASS {2}gate\/regression/, gate.stderr);
  });
  await t.step("a fleet gives the same bytes on one core and in threads", async () => {
    const sidesOf = async (workers: string): Promise<unknown> => {
      const fleet = ["--replicas", "3", "--router", "least-loaded", "--workers", workers];
      const { stdout, stderr } = await headwise("bench", "--clock", "model", "--json", ...fleet);
      assert.notEqual(stdout, "", stderr);
      return JSON.parse(stdout).sides;
    };
    assert.deepEqual(await sidesOf("2"), await sidesOf("1"));
  });
  await t.step("exit codes pass", async () => {
    assert.equal((await headwise("no such command")).code, 2);
    assert.equal((await headwise("gate", "no such.json", "file.json")).code, 4);
  });
  await t.step("permissions that come first are the runtime's", async () => {
    const gate = ["gate", "/no/such.json", "/no/such.json"];
    assert.match((await headwise(...gate)).stderr, /Requires read access/);
    assert.match((await headwise("--allow-read=/no", ...gate)).stderr, /there is no such file/);
  });
}

const kind = NOT_LINUX.ignore ? "" : (await runWell("sh", [".ci/bare_machine.sh", "kind"])).trim();
Deno.test(
  `the self-extracting executable runs alone, with ${kind}`,
  NOT_LINUX,
  (t) =>
    withFolder(async (folder) => {
      const built = await compile(["--self-extract", `--out=${folder}/headwise`]);
      assert.equal(built.code, 0, built.stderr);
      const machine = `${folder}/machine`;
      await runWell("sh", [".ci/bare_machine.sh", "make", machine, `${folder}/headwise`], {
        env: { RUNTIME: Deno.execPath() },
      });
      const enter = (...command: string[]): Promise<Run> =>
        run("sh", [".ci/bare_machine.sh", "enter", machine, ...command]);
      await t.step("there is no Deno", async () => {
        const { code, stderr } = await enter("sh", "-c", "deno --version");
        assert.equal(code, 127, stderr);
      });
      await checkInstalled(t, (...args) => enter("headwise", ...args));
      await t.step("it leaves nothing but its cache and its results", () => {
        const names = (path: string): string[] =>
          [...Deno.readDirSync(`${machine}/${path}`)].map(({ name }) => name).sort();
        assert.deepEqual(names("work"), ["results"]);
        assert.deepEqual([...names("home"), ...names("home/.cache")], [".cache", "headwise"]);
        const [hash, ...others] = names("home/.cache/headwise");
        assert.deepEqual(others, []);
        assert.deepEqual(names(`home/.cache/headwise/${hash}`), [
          "LICENSES.txt",
          "cache",
          "deno",
          "headwise.js",
        ]);
      });
    }),
);

Deno.test("deno compile is given the bundle and its permissions, and nothing else", () =>
  withFolder(async (folder) => {
    // Deno stands for its base runtime: what is built has all that is packed, and would start Deno.
    const out = `${folder}/headwise`;
    const built = await compile([`--out=${out}`], { DENORT_BIN: Deno.execPath() });
    assert.deepEqual(built.code, 0, built.stderr);
    const text = new TextDecoder("latin1").decode(Deno.readFileSync(out));
    const [, json] = /"permissions":(\{[^}]*\})/.exec(text)!;
    const packed = Object.entries(JSON.parse(json!) as Record<string, unknown>)
      .filter(([name, value]) => Array.isArray(value) && name !== "allow_import")
      .map(([name, value]) => {
        const flag = `--${name.replace("_", "-")}`;
        const values = value as readonly string[];
        return values.length === 0 ? flag : `${flag}=${values.join(",")}`;
      });
    assert.deepEqual(packed.sort(), [...PERMISSIONS].sort());
    assert.match(text, /"features":\["webgpu"\]/);
    assert.match(text, /Executables also contain Deno/);
  }));

Deno.test("deno task compile without a base runtime ends with 69 and both ways out", () =>
  withFolder(async (folder) => {
    const out = `--out=${folder}/headwise`;
    const { code, stderr } = await compile([out], { DENORT_BIN: "/no/such/denort" });
    assert.match(stderr, /'\/no\/such\/denort'; set DENORT_BIN to .* or add --self-extract/);
    assert.equal(code, 69);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("the npm package runs under npx", (t) =>
  withFolder(async (folder) => {
    const cwd = `${folder}/project`;
    Deno.mkdirSync(cwd);
    Deno.writeTextFileSync(`${cwd}/package.json`, "{}");
    const npm = async (...args: string[]): Promise<string> => await runWell("npm", args, { cwd });
    const packed = await npm("pack", "--silent", "--pack-destination", "..", resolve("dist/npm"));
    await npm("install", "--no-audit", "--no-fund", "--prefer-offline", `../${packed.trim()}`);
    await checkInstalled(t, (...args) => run("npx", ["headwise", ...args], { cwd }));
    const launcher = "node_modules/headwise/headwise.mjs";
    const stopServer = async (signal: Deno.Signal): Promise<Partial<Deno.CommandStatus>> => {
      const child = new Deno.Command("node", {
        args: [launcher, "serve", "--port", "0"],
        cwd,
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      // The first line comes once it listens, the end once both processes have ended.
      const lines = child.stdout.getReader();
      await lines.read();
      child.kill(signal);
      while (!(await lines.read()).done);
      const { code, signal: by } = await child.status;
      return { code, signal: by };
    };
    await t.step("signals pass, and the launcher ends as the program does", async () => {
      assert.deepEqual(await stopServer("SIGINT"), { code: 0, signal: null });
      assert.deepEqual(await stopServer("SIGTERM"), { code: 0, signal: null });
      assert.equal((await stopServer("SIGHUP")).signal, "SIGHUP");
    });
    await t.step("without the platform's Deno it says how to install it", async () => {
      Deno.removeSync(`${cwd}/node_modules/@deno`, { recursive: true });
      Deno.removeSync(`${cwd}/node_modules/deno/deno`);
      const { code, stderr } = await run("node", [launcher, "--version"], { cwd });
      assert.match(stderr, /^headwise: Cannot find Deno for [\s\S]*--include=optional/);
      assert.equal(code, 69);
    });
  }));
