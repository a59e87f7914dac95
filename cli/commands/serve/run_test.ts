import assert from "node:assert/strict";
import { runCli } from "../../app.ts";
import type { CliContext } from "../../terminal/mod.ts";
import { capture } from "../../testing_context.ts";
import { serveUi } from "./run.ts";

/** The surroundings of a command that listens until it is stopped, and what it prints. */
function listening(): {
  readonly context: CliContext;
  /** The first text on standard output. */
  readonly url: Promise<string>;
  readonly stderr: () => string;
  readonly stop: () => void;
} {
  const abort = new AbortController();
  const { promise, resolve } = Promise.withResolvers<string>();
  let stderr = "";
  const stream = (write: (text: string) => void) => ({
    write,
    getColorDepth: () => 1,
    isTerminal: false,
    columns: 100,
  });
  return {
    context: {
      process: {
        stdout: stream((text) => resolve(text.trim())),
        stderr: stream((text) => void (stderr += text)),
        env: {},
      },
      signal: abort.signal,
      readTextFile: () => Promise.reject(new Deno.errors.NotFound("No such file")),
    },
    url: promise,
    stderr: () => stderr,
    stop: () => abort.abort(),
  };
}

Deno.test("serve() listens until it is stopped and prints its URL alone", async () => {
  const { context, url: printed, stderr, stop } = listening();
  const running = runCli([
    "serve",
    "--port",
    "0",
    "--allow-remote",
    "--step-scale",
    "0",
    "--faults",
    "status=2",
  ], context);
  const url = await printed;
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  const ask = async (): Promise<number> => {
    const body = JSON.stringify({ prompt: "a b", max_tokens: 2 });
    const response = await fetch(`${url}/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    await response.body?.cancel();
    return response.status;
  };
  assert.deepEqual([await ask(), await ask()], [200, 500]);
  stop();
  assert.equal(await running, 0);
  assert.match(stderr(), /side 'pooled-recycle'/);
  assert.doesNotMatch(stderr(), /Other machines can reach/);
});

Deno.test("serve() refuses addresses that others can reach and faults that are none", async () => {
  const remote = await capture(["serve", "--host", "0.0.0.0"]);
  assert.equal(remote.exitCode, 4);
  assert.match(remote.stderr, /it knows no users/);
  assert.equal((await capture(["serve", "--faults", "rain=3"])).exitCode, 2);
  assert.equal((await capture(["serve", "--side", "flat"])).exitCode, 2);
});

Deno.test("serve() refuses to serve a page with settings of the API", async () => {
  const mixed = await capture(["serve", "--ui", "--fixture", "smoke"]);
  assert.equal(mixed.exitCode, 2);
  assert.match(mixed.stderr, /^--fixture: the page of --ui has no use for it/);
});

Deno.test("serve() explains its settings without listening", async () => {
  const { stdout, exitCode } = await capture(["serve", "--explain-config", "--port", "7"]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /port\s+7/i);
});

Deno.test("serveUi() serves the page until it is stopped, and says so beside its URL", async () => {
  const { context, url, stderr, stop } = listening();
  const values = { ui: true, host: "127.0.0.1", port: 0, allowRemote: false };
  const settings = { values, origins: {} } as unknown as Parameters<typeof serveUi>[1];
  const serving = serveUi(context, settings, () => Promise.resolve("<p>the page</p>"));
  const response = await fetch(await url);
  assert.equal(await response.text(), "<p>the page</p>");
  assert.equal(stderr(), "Serving the browser page until Ctrl-C\n");
  stop();
  await serving;
});
