import assert from "node:assert/strict";
import { capture } from "../testing_context.ts";

Deno.test("a process writes its whole output, also what is more than a pipe takes at once", async () => {
  const { stdout } = await capture(["help", "--markdown"]);
  assert.ok(stdout.length > 2 ** 16);
  const { success, stdout: bytes } = await new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-check", "--allow-read=.", "--allow-env"],
      ...["cli/testing_main.ts", "help", "--markdown"],
    ],
    env: { NO_COLOR: "1" },
    stderr: "inherit",
  }).output();
  assert.ok(success);
  assert.equal(new TextDecoder().decode(bytes), stdout);
});
