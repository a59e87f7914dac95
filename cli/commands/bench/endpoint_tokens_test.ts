import assert from "node:assert/strict";
import { capture } from "../../testing_context.ts";
import { readTokens } from "./endpoint_tokens.ts";

const A = "http://127.0.0.1:8001/v1";
const BOTH = { HEADWISE_ENDPOINT_TOKEN: "for-a", HEADWISE_AGAINST_TOKEN: "for-b" };

Deno.test("readTokens() gives each server the token that was named with it", () => {
  assert.deepEqual(readTokens(BOTH, { endpoint: A, against: "http://b/v1" }), {
    endpoint: "for-a",
    against: "for-b",
  });
});

Deno.test("readTokens() sends the endpoint's token to no other scheme, host or port", () => {
  const environment = { HEADWISE_ENDPOINT_TOKEN: "for-a", HEADWISE_AGAINST_TOKEN: "" };
  const againstOf = (against: string): string | null =>
    readTokens(environment, { endpoint: A, against }).against;
  for (
    const same of ["http://127.0.0.1:8001/v2", "http://127.0.0.1:8001", "HTTP://127.1:8001/v1"]
  ) {
    assert.equal(againstOf(same), "for-a", same);
  }
  const others = [
    "http://127.0.0.1:8002/v1",
    "https://127.0.0.1:8001/v1",
    "http://localhost:8001/v1",
    "http://127.0.0.1/v1",
    "http://127.0.0.1:8001.evil.example/v1",
    "http://127.0.0.1:8001@evil.example/v1",
    "no url",
  ];
  for (const other of others) assert.equal(againstOf(other), null, other);
});

Deno.test("readTokens() takes no token from nothing, and the other way round neither", () => {
  assert.deepEqual(readTokens({}, { endpoint: A, against: A }), { endpoint: null, against: null });
  const lone = readTokens({ HEADWISE_AGAINST_TOKEN: "b" }, { endpoint: A, against: A });
  assert.deepEqual(lone, { endpoint: null, against: "b" });
});

Deno.test("bench --endpoint exits 2 for a token that cannot be sent, and does not show it", async () => {
  for (const variable of Object.keys(BOTH)) {
    for (const bad of ["\n", "\r\n", " ", "\t", "\0", "\u00e9", "\u2028", "\x7f"]) {
      const environment = { [variable]: `hush-hush${bad}` };
      const arguments_ = ["bench", "--endpoint", A, "--against", "http://127.0.0.1:8002/v1"];
      const run = await capture(arguments_, { environment });
      assert.equal(run.exitCode, 2, run.stderr);
      assert.match(run.stderr, new RegExp(`^${variable}: Cannot send this token: .*visible ASCII`));
      assert.doesNotMatch(run.stdout + run.stderr, /hush/);
    }
  }
});
