import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "./exit_code.ts";
import { capture } from "./testing_context.ts";

/** A run of the program, whose output can be waited for. */
class Program {
  readonly #text = { stdout: "", stderr: "" };
  readonly #process: Deno.ChildProcess;
  readonly #read: Promise<unknown>;

  constructor(args: readonly string[]) {
    const permissions = ["--allow-read=.", "--allow-write=results", "--allow-env", "--allow-run"];
    this.#process = new Deno.Command("deno", {
      args: ["run", "--quiet", "--no-prompt", ...permissions, "cli/testing_main.ts", ...args],
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const collect = async (name: "stdout" | "stderr"): Promise<void> => {
      const decoder = new TextDecoder();
      for await (const part of this.#process[name]) {
        this.#text[name] += decoder.decode(part, { stream: true });
      }
    };
    this.#read = Promise.all([collect("stdout"), collect("stderr")]);
  }

  /** Waits for a text on a stream, and forgets what stood there up to its end. */
  async expect(name: "stdout" | "stderr", pattern: RegExp): Promise<void> {
    for (const deadlineMs = performance.now() + 60_000; performance.now() < deadlineMs;) {
      const found = pattern.exec(this.#text[name]);
      if (found !== null) {
        this.#text[name] = this.#text[name].slice(found.index + found[0].length);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.#process.kill("SIGKILL");
    assert.fail(`Never printed ${pattern}, only: ${this.#text[name]}`);
  }

  /** Presses Ctrl-C and waits for the end. */
  async interrupt(): Promise<number> {
    const writer = this.#process.stdin.getWriter();
    await writer.write(new TextEncoder().encode("^C"));
    await writer.close();
    const { code } = await this.#process.status;
    await this.#read;
    return code;
  }
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir("results/tests", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results/tests" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** As an editor saves that keeps the old file until the new one is whole. */
async function replace(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}~`, text);
  await Deno.rename(`${path}~`, path);
}

Deno.test("fixture validate --watch shows a broken edit, goes on, and ends with 130", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "mine.yaml");
    await capture(["init", file]);
    const good = await Deno.readTextFile(file);
    const program = new Program(["fixture", "validate", file, "--watch"]);
    await program.expect("stderr", /^Watching .*mine\.yaml; Ctrl-C ends it\n/);
    await program.expect("stdout", /^accepted .*\n/);
    await replace(file, good.replace("maxSequences", "maxSequenzes"));
    await program.expect("stdout", /mine\.yaml:\d+:\d+.*maxSequenzes[^]*rejected .*\n/);
    await replace(file, good);
    await program.expect("stdout", /^accepted .*\n/);
    assert.equal(await program.interrupt(), EXIT.interrupted);
  });
});

Deno.test("bench --watch runs again when the model file or the settings change", async () => {
  await withFolder(async (folder) => {
    const [file, model] = [join(folder, "mine.yaml"), join(folder, "own.yaml")];
    const config = join(folder, "headwise.yaml");
    await Deno.writeTextFile(config, "bench:\n  clock: model\n");
    await replace(
      model,
      (await Deno.readTextFile("fixtures/models/smoke.yaml")).replace("smoke", "own"),
    );
    await capture(["init", file, "--model", model]);
    const out = join(folder, "result.json");
    const args = ["bench", "--fixture", file, "--config", config, "--out", out, "--watch"];
    const program = new Program(args);
    await program.expect("stdout", /PASS +gate\/read/);
    await program.expect("stderr", new RegExp(`Watching ${file}, ${model}, ${config}; `));
    await replace(model, (await Deno.readTextFile(model)).replace("layers: 2", "layers: two"));
    await program.expect("stderr", /own\.yaml:\d+:\d+[^]*Watching/);
    await replace(model, (await Deno.readTextFile(model)).replace("layers: two", "layers: 2"));
    await program.expect("stdout", /PASS +gate\/read/);
    await program.expect("stderr", /Watching/);
    await replace(config, "bench:\n  clok: model\n");
    await program.expect("stderr", /headwise\.yaml:2:3: .*did you mean 'clock'\?[^]*Watching/);
    assert.equal(await program.interrupt(), EXIT.interrupted);
  });
});

Deno.test("--watch exits 2 when nothing can change", async () => {
  for (const args of [["bench"], ["fixture", "validate", "smoke"]]) {
    const { exitCode, stderr } = await capture([...args, "--watch"]);
    assert.equal(exitCode, EXIT.usage);
    assert.match(stderr, /^--watch: Cannot watch (a )?built-in fixtures?; name a file/);
  }
});
