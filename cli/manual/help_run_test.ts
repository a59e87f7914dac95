import assert from "node:assert/strict";
import { capture } from "../testing_context.ts";

Deno.test("help shows a page, and names the likely one when it is misspelt", async () => {
  const { exitCode, stdout } = await capture(["help", "gate"]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^NAME\n {2}headwise-gate - Judge one result against another\n/);
  assert.match(stdout, /\nEXIT CODES\n(?: +\d+ .*\n(?: {22}.*\n)*){7}/);
  const misspelt = await capture(["help", "exit-code"]);
  assert.equal(misspelt.exitCode, 2);
  assert.match(misspelt.stderr, /named 'exit-code'; did you mean 'exit-codes'\?/);
  assert.match((await capture(["help", "quantum"])).stderr, /'headwise help' lists both/);
});

for (const [file, args] of [["commands", []], ["exit-codes", ["exit-codes"]]] as const) {
  Deno.test(`help --markdown is what docs/${file}.md holds`, async () => {
    const kept = await Deno.readTextFile(new URL(`../../docs/${file}.md`, import.meta.url));
    const { stdout } = await capture(["help", ...args, "--markdown"]);
    const command = ["deno task headwise help", ...args, `--markdown > docs/${file}.md`].join(" ");
    assert.equal(kept, stdout, `Stale; run: ${command}`);
  });
}
