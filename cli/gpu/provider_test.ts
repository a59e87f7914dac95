import assert from "node:assert/strict";
import { openProvider } from "./provider.ts";

Deno.test("openProvider() names the fix when Dawn may not be loaded", async () => {
  const load = (): Promise<never> =>
    Promise.reject(new TypeError("The lockfile is out of date. Run `deno install`\nchanges: …"));
  const outcome = await openProvider("dawn", { load });
  assert.ok(outcome.kind === "unavailable");
  assert.match(
    outcome.reason,
    /^Dawn cannot be loaded from npm:webgpu@.+: it is not in this run's/,
  );
  assert.match(outcome.fix, /deno task dawn/);
});

Deno.test("openProvider() names the file when HEADWISE_DAWN points nowhere", async () => {
  const before = Deno.env.get("HEADWISE_DAWN");
  Deno.env.set("HEADWISE_DAWN", "no/such/index.js");
  try {
    const outcome = await openProvider("dawn-unchecked");
    assert.ok(outcome.kind === "unavailable");
    assert.match(outcome.reason, /no\/such\/index\.js/);
  } finally {
    if (before === undefined) Deno.env.delete("HEADWISE_DAWN");
    else Deno.env.set("HEADWISE_DAWN", before);
  }
});
