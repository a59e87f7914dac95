/**
 * Hosts a TypeScript adapter: `module_host.ts URL`. The module runs in this process, which may read
 * and write the scratch folder, read the module's own files, and nothing else. Its import is not
 * written out, so that Deno holds what it imports to those permissions too.
 */
import { createAdapterServer } from "../serve.ts";
import { serveLines, STANDARD_STREAMS } from "./serve_lines.ts";

const log = (...parts: unknown[]): void =>
  void Deno.stderr.writeSync(new TextEncoder().encode(`${parts.join(" ")}\n`));
// What the module logs must not come between the lines of the protocol.
for (const name of ["log", "info", "debug", "warn", "error"] as const) {
  globalThis.console[name] = log;
}
const { createSubject } = await import(Deno.args.at(-1) ?? "").catch((error) => {
  // The first lines say what is wrong, and the suite shows the last ones.
  log((error instanceof Error ? error.stack ?? error.message : String(error)).slice(0, 1000));
  log(error instanceof Error ? error.message.split("\n")[0] : "");
  Deno.exit(1);
});
if (typeof createSubject !== "function") {
  throw new TypeError("Cannot serve the module: it must export a function createSubject");
}
const server = createAdapterServer(await createSubject(), {
  read: Deno.readFile,
  write: (path, bytes) => Deno.writeFile(path, bytes, { createNew: true }),
});
await serveLines(STANDARD_STREAMS, async (line) => {
  const reply = await server.answer(line);
  return { reply, last: server.isShutDown() };
});
Deno.exit();
