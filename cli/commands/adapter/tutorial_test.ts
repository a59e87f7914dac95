/** Runs the tutorial: each program in it must bring about exactly what it says the suite answers. */
import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";

interface Step {
  readonly program: string;
  readonly expected: readonly string[];
}

async function readSteps(): Promise<Step[]> {
  const text = await Deno.readTextFile("docs/adapters.md");
  return [...text.matchAll(/```python\n([\s\S]*?)```\s*```text\n([\s\S]*?)```/g)]
    .map(([, program = "", expected = ""]) => ({
      program,
      expected: expected.trimEnd().split("\n"),
    }));
}

async function hasPython(): Promise<boolean> {
  try {
    return (await new Deno.Command("python3", { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const ignore = !await hasPython();

for (const [index, { program, expected }] of (await readSteps()).entries()) {
  const name = `docs/adapters.md tells what step ${index + 1} of its tutorial leads to`;
  Deno.test({
    name: ignore ? `${name} (NOT TESTED: this machine has no python3)` : name,
    ignore,
    fn: async () => {
      await Deno.mkdir("results", { recursive: true });
      const folder = await Deno.makeTempDir({ dir: "results", prefix: "tutorial-" });
      try {
        const protocol = "headwise_protocol.py";
        await Deno.copyFile(`conformance/adapters/python/${protocol}`, `${folder}/${protocol}`);
        await Deno.writeTextFile(`${folder}/my_adapter.py`, program);
        const subject = `exec:python3 -B ${folder}/my_adapter.py`;
        const { stdout, stderr } = await capture(["adapter", "smoke", subject]);
        // Messages are wrapped to the width of the terminal.
        const said = `${stdout}${stderr}`.replaceAll(/\s+/g, " ");
        for (const line of expected) {
          assert.ok(
            said.includes(line.replaceAll(/\s+/g, " ")),
            `${line}\n\nwas not in\n\n${said}`,
          );
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test("docs/adapters.md names every command and every verdict", async () => {
  const text = await Deno.readTextFile("docs/adapters.md");
  assert.ok((await readSteps()).length >= 5);
  const schema = JSON.parse(
    await Deno.readTextFile("conformance/adapters/protocol.schema.json"),
  ) as { oneOf: { $ref: string }[] };
  for (const { $ref } of schema.oneOf) {
    const command = $ref.replace("#/$defs/", "").replace(".request", "");
    assert.ok(text.includes(`\`${command}\``), `"${command}" is not in docs/adapters.md`);
  }
  for (const verdict of ["timeout", "crash", "adapter-error"]) {
    assert.ok(text.includes(`\`${verdict}\``));
  }
});
