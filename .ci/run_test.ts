import assert from "node:assert/strict";

/** Stands for `npx`: answers each task as a short script says. */
async function runWith(answers: string): Promise<{ code: number; lines: readonly string[] }> {
  await Deno.mkdir("results", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results", prefix: "run_test_" });
  try {
    const write = (name: string, text: string): Promise<void> =>
      Deno.writeTextFile(`${folder}/${name}`, `#!/bin/bash\n${text}\n`, { mode: 0o755 });
    // The suite finds the fault of the adapter that has one.
    const all = `${answers}
  *flash_fault*) echo "1 passed, 1 failed"; exit 1 ;;
  *) echo "1 passed, 0 failed" ;;`;
    await write("npx", `shift 2\ncase "$*" in\n${all}\nesac`);
    // A user who may not install packages.
    await write("id", "echo 1000");
    const { code, stdout } = await new Deno.Command("bash", {
      args: [".ci/run"],
      env: { PATH: `${await Deno.realPath(folder)}:/usr/local/bin:/usr/bin:/bin` },
      stderr: "null",
    }).output();
    return { code, lines: new TextDecoder().decode(stdout).trimEnd().split("\n") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(".ci/run shows steps that run side by side in one piece each, and sums them up", async () => {
  const { code, lines } = await runWith(
    `  *self-test*) echo one; sleep 0.3; echo two; echo "5 passed, 0 failed, 2 skipped" ;;`,
  );
  assert.equal(code, 0, lines.join("\n"));
  const at = lines.indexOf("one");
  assert.equal(lines[at - 1], "── the suite against its own mutants: all of its output");
  assert.deepEqual(lines.slice(at, at + 3), ["one", "two", "5 passed, 0 failed, 2 skipped"]);
  assert.match(lines.at(-1)!, /^\d+ passed, 0 failed, \d+ skipped/);
});

Deno.test(".ci/run fails and names the step when one fails, says nothing, or is killed", async () => {
  const { code, lines } = await runWith(
    `  *fuzz*) exit 70 ;;
  *self-test*) echo "5 passed, 3 failed, 0 skipped"; exit 1 ;;
  *"test") echo "no count" ;;
  *test:release*) echo "4 passed, 0 failed"; exit 134 ;;
  *soak*) kill -9 $PPID ;;`,
  );
  assert.equal(code, 1);
  assert.deepEqual(lines.filter((line) => line.startsWith("failed: ")).sort(), [
    "failed: fuzzing of every reader (1)",
    "failed: steps that did not end (1)",
    "failed: tests (1)",
    "failed: the executable and the npm package (1)",
    "failed: the suite against its own mutants (3)",
  ]);
  assert.match(lines.at(-1)!, /, 7 failed, /);
  assert.equal(lines.filter((line) => line === "4 passed, 0 failed").length, 2, "it runs twice");
});
