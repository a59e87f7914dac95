import assert from "node:assert/strict";
import { buildRoutes } from "../app.ts";
import type { CliContext } from "../terminal/mod.ts";
import { answerShell } from "./answer_shell.ts";

async function answer(...args: string[]): Promise<string[]> {
  let text = "";
  const stream = { write: (part: string) => void (text += part), getColorDepth: () => 1 };
  const context = { process: { stdout: stream, stderr: stream } } as unknown as CliContext;
  assert.equal(await answerShell(context, { routes: buildRoutes(), args }), 0);
  return text.trimEnd().split("\n").slice(1);
}

Deno.test("answerShell() gives each shell the form that it takes", async () => {
  assert.deepEqual(await answer("bash", " ", "headwise doc"), ["doctor"]);
  assert.match((await answer("zsh", "doc"))[0]!, /^doctor:[A-Z]/);
  assert.match((await answer("fish", "doc"))[0]!, /^doctor\t[A-Z]/);
});
