import assert from "node:assert/strict";
import { CONFORMANCE_SETTINGS } from "./conformance.ts";
import { commandLineOf, repeatFlagsOf } from "./repeat_flags.ts";
import { resolveSettings } from "./resolve.ts";

function resolve(flags: Record<string, string | boolean>, environment = {}) {
  return resolveSettings(CONFORMANCE_SETTINGS, { flags, environment, file: {} });
}

Deno.test("repeatFlagsOf() keeps what a case needs, wherever it came from, and nothing else", () => {
  const flags = { subject: "exec:python3 my adapter.py", filter: "kernel", out: "x", json: true };
  const resolved = resolve(flags, { HEADWISE_FUZZ: "90" });
  assert.equal(repeatFlagsOf(resolved), "--subject 'exec:python3 my adapter.py' --fuzz 90");
  assert.equal(repeatFlagsOf(resolve({})), "");
});

Deno.test("commandLineOf() repeats the whole run, quoted for a shell", () => {
  const resolved = resolve({ filter: "a:b:c:it='s", json: true });
  assert.equal(
    commandLineOf("conformance", resolved),
    "headwise conformance --filter 'a:b:c:it='\\''s' --json",
  );
  assert.equal(commandLineOf("conformance", resolve({})), "headwise conformance");
});
