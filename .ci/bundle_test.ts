import assert from "node:assert/strict";
import { resolve } from "node:path";

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runDeno(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<Run> {
  const output = await new Deno.Command("deno", { args: [...args], ...options }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

async function withBundle(
  use: (o: { folder: string; headwise: (...args: string[]) => Promise<Run> }) => Promise<void>,
): Promise<void> {
  Deno.mkdirSync("results", { recursive: true });
  const folder = Deno.makeTempDirSync({ dir: "results", prefix: "bundle-" });
  try {
    await build(`${folder}/a`);
    // Another folder, an empty cache, no network, and neither remote nor npm modules.
    const cwd = `${folder}/elsewhere`;
    Deno.mkdirSync(`${cwd}/results`, { recursive: true });
    const isolated = ["--no-config", "--no-remote", "--no-npm", "--deny-net", "--no-prompt"];
    const program = resolve(folder, "a", "headwise.js");
    const variables = "--allow-env=HEADWISE_*,FD_*,JOB_COMPLETION_*,SLURM_ARRAY_*,CI_NODE_*," +
      "CI_PIPELINE_ID,GITHUB_RUN_ID,NO_COLOR,FORCE_COLOR,TERM,XDG_RUNTIME_DIR";
    const granted = ["--allow-read=.", "--allow-write=results", variables];
    const flags = ["run", "--unstable-webgpu", ...isolated, ...granted];
    const env = { DENO_DIR: resolve(folder, "cache"), NO_COLOR: "1" };
    const headwise = (...args: string[]): Promise<Run> =>
      runDeno([...flags, program, ...args], { cwd, env });
    await use({ folder, headwise });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function build(outFolder: string): Promise<void> {
  const run = await runDeno([
    "run",
    "--no-prompt",
    "--allow-run=deno",
    ".ci/build_bundle.ts",
    outFolder,
  ]);
  assert.equal(run.code, 0, run.stderr + run.stdout);
}

Deno.test("deno task build: two builds are identical, and the bundle runs alone", async (t) => {
  await withBundle(async ({ folder, headwise }) => {
    await t.step("two builds have the same bytes, and name no folder of this machine", async () => {
      await build(`${folder}/b`);
      for (const name of ["headwise.js", "headwise.js.map", "ui/index.html"]) {
        const [first, second] = ["a", "b"].map((each) =>
          Deno.readTextFileSync(`${folder}/${each}/${name}`)
        );
        assert.ok(first === second, `'${name}' differs between two builds`);
      }
      const map = JSON.parse(Deno.readTextFileSync(`${folder}/a/headwise.js.map`));
      const foreign = (map.sources as string[])
        .filter((source) => !/^(?:npm:|\.\.\/(?:\w+\/|deno\.json$))/.test(source));
      assert.deepEqual(foreign, []);
    });
    await t.step("--version is the version of the checkout", async () => {
      const { version } = JSON.parse(Deno.readTextFileSync("deno.json"));
      const run = await headwise("--version");
      assert.deepEqual(run, { code: 0, stdout: `${version}\n`, stderr: "" });
    });
    await t.step("bench replays a built-in workload", async () => {
      const run = await headwise("bench", "--clock", "model", "--json");
      assert.equal(run.code, 0, run.stderr);
      assert.equal(JSON.parse(run.stdout).clock.kind, "model");
    });
    await t.step("serve --ui serves the page that was built beside the bundle", async () => {
      const args = ["run", "--unstable-webgpu", "--no-config", "--no-prompt", "--ignore-env"];
      const granted = ["--allow-read=.", "--allow-net=127.0.0.1"];
      const program = resolve(folder, "a", "headwise.js");
      const command = new Deno.Command("deno", {
        args: [...args, ...granted, program, "serve", "--ui", "--port", "0"],
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
    await t.step("conformance judges the built-in allocator", async () => {
      const run = await headwise("conformance", "--subject", "oracle", "--filter", "allocator");
      assert.match(run.stdout, /[1-9]\d* passed, 0 failed/, run.stderr);
    });
  });
});
