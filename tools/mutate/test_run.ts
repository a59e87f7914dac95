/** How one run of tests ended. */
export type Outcome = "passed" | "failed" | "hung";

/** Runs tests in a copy of the checkout. */
export interface TestRunner {
  /** Puts a text into the copy, in place of a file. */
  write(path: string, text: string): void;
  /** Runs the tests of a file. */
  test(path: string): Promise<Outcome>;
  /** Checks the types of a file and what it imports. */
  check(path: string): Promise<Outcome>;
  /** Runs the conformance suite's own mutants, and the suite. */
  suites(): Promise<Outcome>;
}

/**
 * A run that takes this long hangs. Nothing is judged by it but an endless loop: the slowest file of
 * tests takes a tenth of it.
 */
const HUNG_AFTER_MS = 180_000;

/** What is no part of the checkout, at its root. */
const LEFT_OUT = new Set(["results", "dist", "coverage", "node_modules"]);
/** Folders of the project whose names begin with a dot. */
const HIDDEN_OURS = new Set([".ci", ".github", ".gitignore"]);

/** Copies the checkout in the working folder, build outputs and results aside, to a new folder. */
export function copyTree(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const copy = (from: string): void => {
    Deno.mkdirSync(`${folder}/${from}`, { recursive: true });
    for (const { name, isDirectory, isFile } of Deno.readDirSync(from)) {
      const path = from === "." ? name : `${from}/${name}`;
      if (from === "." && (name.startsWith(".") ? !HIDDEN_OURS.has(name) : LEFT_OUT.has(name))) {
        continue;
      }
      if (isDirectory) copy(path);
      if (isFile) Deno.copyFileSync(path, `${folder}/${path}`);
    }
  };
  copy(".");
}

/** A runner in a copy, with the permissions of `deno task test`. */
export function createTestRunner(folder: string): TestRunner {
  const flags = testFlags(Deno.readTextFileSync(`${folder}/deno.json`));
  const run = (args: readonly string[]): Promise<Outcome> => runDeno(args, folder);
  return {
    write: (path, text) => Deno.writeTextFileSync(`${folder}/${path}`, text),
    test: (path) => run(["test", ...flags, path]),
    check: (path) => run(["check", "--quiet", path]),
    suites: async () => {
      const outcome = await run(["task", "conformance", "--self-test"]);
      return outcome !== "passed" ? outcome : await run(["task", "conformance"]);
    },
  };
}

/** The flags of the task `test` that say what tests may do. */
export function testFlags(configText: string): string[] {
  const { tasks } = JSON.parse(configText) as { tasks: Record<string, { command: string }> };
  const flags = tasks.test!.command.split(" ").filter((word) =>
    /^--(?:allow-|no-prompt|ignore-env|sanitize-)/.test(word)
  );
  return ["--no-check", "--fail-fast", "--quiet", ...flags];
}

async function runDeno(args: readonly string[], cwd: string): Promise<Outcome> {
  const limit = AbortSignal.timeout(HUNG_AFTER_MS);
  const command = new Deno.Command("deno", {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: limit,
  });
  const { success } = await command.output();
  return limit.aborted ? "hung" : success ? "passed" : "failed";
}
