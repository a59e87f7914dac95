import assert from "node:assert/strict";
import { resolve } from "node:path";
import { withFolder } from "../cli/testing_folder.ts";
import { RUN_FLAGS } from "./program_flags.ts";
import type { Sbom } from "./sbom.ts";
import { checkProgram, type Headwise, run } from "./testing_run.ts";

const NAMES = [
  "headwise.js",
  "headwise.js.map",
  "headwise.cdx.json",
  "LICENSES.txt",
  "ui/index.html",
];

async function withBundle(
  use: (o: { folder: string; headwise: Headwise }) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    await build(`${folder}/a`);
    // Another folder, an empty cache, no network, and neither remote nor npm modules.
    const cwd = `${folder}/elsewhere`;
    Deno.mkdirSync(`${cwd}/results`, { recursive: true });
    const program = resolve(folder, "a", "headwise.js");
    const flags = ["run", ...RUN_FLAGS, "--no-npm", "--deny-net", "--allow-run=deno"];
    const env = { DENO_DIR: resolve(folder, "cache"), NO_COLOR: "1" };
    await use({
      folder,
      headwise: (...args) => run("deno", [...flags, program, ...args], { cwd, env }),
    });
  });
}

async function build(outFolder: string): Promise<void> {
  const flags = ["--no-prompt", "--allow-run=deno"];
  const { code, stdout, stderr } = await run(
    "deno",
    ["run", ...flags, ".ci/build_bundle.ts", outFolder],
  );
  assert.equal(code, 0, stderr + stdout);
}

Deno.test("deno task build: two builds are identical, and the bundle runs alone", async (t) => {
  await withBundle(async ({ folder, headwise }) => {
    await t.step("two builds have the same bytes, and name no folder of this machine", async () => {
      await build(`${folder}/b`);
      for (const name of NAMES) {
        const [first, second] = ["a", "b"].map((each) =>
          Deno.readTextFileSync(`${folder}/${each}/${name}`)
        );
        assert.ok(first === second, `'${name}' differs between two builds`);
      }
      const map = JSON.parse(Deno.readTextFileSync(`${folder}/a/headwise.js.map`));
      const foreign = (map.sources as string[])
        .filter((source) =>
          !/^(?:npm:|\.\.\/(?:\w+\/|\.ci\/(?:bundle_entry|program_flags)\.ts$|deno\.json$))/.test(
            source,
          )
        );
      assert.deepEqual(foreign, []);
    });
    await t.step("the bill of materials and the licences name what is in it", () => {
      const sbom = JSON.parse(Deno.readTextFileSync(`${folder}/a/headwise.cdx.json`)) as Sbom;
      const listed = sbom.components.filter(({ type }) => type === "library")
        .map(({ group, name }) => group === undefined ? name : `${group}/${name}`);
      const packed = listed.filter((name) => /^(?:vega|d3-|topojson-|internmap)/.test(name));
      assert.ok(packed.includes("vega") && packed.includes("d3-scale"));
      // The page within has one that the program has not.
      const own = ["@stricli/core", "fast-check", "pure-rand", "yaml", "zod"];
      assert.deepEqual(listed.filter((name) => !packed.includes(name)), ["@noble/hashes", ...own]);
      const licenses = Deno.readTextFileSync(`${folder}/a/LICENSES.txt`);
      for (const each of listed) assert.match(licenses, new RegExp(`^${each} [\\d.]+, `, "m"));
    });
    await checkProgram(t, headwise);
    await t.step("serve --ui serves the page that was built beside the bundle", async () => {
      const program = resolve(folder, "a", "headwise.js");
      const command = new Deno.Command("deno", {
        args: ["run", ...RUN_FLAGS, program, "serve", "--ui", "--port", "0"],
        cwd: `${folder}/elsewhere`,
        stdout: "piped",
        stderr: "null",
      });
      await using server = command.spawn();
      const lines = server.stdout.pipeThrough(new TextDecoderStream());
      let url = "";
      for await (const chunk of lines) {
        url += chunk;
        if (url.endsWith("\n")) break;
      }
      const page = await (await fetch(url.trim())).text();
      assert.ok(page === Deno.readTextFileSync(`${folder}/a/ui/index.html`), "another page");
      server.kill("SIGINT");
      assert.equal((await server.status).code, 0);
    });
    await t.step("report draws a page, with charts that the program holds packed", async () => {
      const code = Deno.readTextFileSync(`${folder}/a/headwise.js`);
      assert.ok(!code.includes("Unrecognized scale type"), "the chart library is not packed");
      const run = await headwise("report", "results/bench.json", "--format", "html");
      assert.match(run.stdout, /^<!doctype html>[^]*<svg [^]*<\/html>\n$/, run.stderr);
    });
    await t.step("a module reaches nothing from the bundle either", async () => {
      let asked = 0;
      const canary = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
        asked++;
        return new Response("{}");
      });
      const registry = `http://127.0.0.1:${canary.addr.port}/`;
      Deno.writeTextFileSync(`${folder}/elsewhere/secret.txt`, "secret");
      const outside = resolve(folder, "elsewhere", "secret.txt");
      const attempts = [
        `import([${JSON.stringify(`file://${outside}`)}].join(""), { with: { type: "text" } })`,
        `import(["npm:", "the-bytes-of-a-file"].join(""))`,
        `import(["jsr:", "@the/bytes-of-a-file"].join(""))`,
        `import([${JSON.stringify(registry)}].join(""))`,
        `Deno.readTextFile(${JSON.stringify(outside)})`,
        `fetch(${JSON.stringify(registry)})`,
      ];
      const text = `const attempts = [${attempts.map((each) => `() => ${each}`).join(", ")}];
        const held = [];
        for (const [index, attempt] of attempts.entries()) {
          await attempt().then(() => held.push(index), () => {});
        }
        throw new Error(attempts.length + " tried, held: [" + held + "]");`;
      Deno.writeTextFileSync(`${folder}/elsewhere/results/adapter/nosy.ts`, text);
      const { stderr } = await run(
        "deno",
        ["run", ...RUN_FLAGS, "--allow-run=deno", resolve(folder, "a", "headwise.js")].concat(
          ["adapter", "smoke", "module:results/adapter/nosy.ts"],
        ),
        {
          cwd: `${folder}/elsewhere`,
          env: { NO_COLOR: "1", NPM_CONFIG_REGISTRY: registry, JSR_URL: registry },
        },
      );
      await canary.shutdown();
      assert.match(stderr, /6 tried, held: \[\]/);
      assert.equal(asked, 0);
    });
    await t.step("the bundle hosts shared libraries", async () => {
      const run = await headwise("adapter", "smoke", "ffi:headwise.so");
      assert.match(run.stderr, /Cannot start "headwise.so": there is no such file/);
      Deno.writeTextFileSync(`${folder}/elsewhere/headwise.so`, "not a library");
      // That it is refused as a library shows that the host got as far as to load it.
      const refused = await headwise("adapter", "smoke", "ffi:headwise.so");
      assert.match(refused.stderr, /Object\.dlopen[\s\S]*ffi_host\.ts/);
      assert.equal(refused.code, 4);
    });
  });
});
