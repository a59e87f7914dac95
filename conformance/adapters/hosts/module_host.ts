/**
 * Hosts a TypeScript adapter: `module_host.ts FILE SCRATCH`.
 *
 * The module runs in a worker that may read and write the scratch folder and nothing else, and this
 * process stands between it and the suite, so that even an exhausted heap ends only this process.
 */
import { serverModule } from "./host_program.ts";
import { serveLines, STANDARD_STREAMS } from "./serve_lines.ts";

const [file = "", scratch = ""] = Deno.args.slice(-2);

/** The worker's program: it serves what the module makes, with logging led off the protocol. */
const program = `
import { createAdapterServer } from ${JSON.stringify(serverModule())};
const encoder = new TextEncoder();
for (const name of ["log", "info", "debug", "warn", "error"]) {
  console[name] = (...parts) => Deno.stderr.writeSync(encoder.encode(parts.join(" ") + "\\n"));
}
const requests = [];
let answer = null;
const reply = async (line) => self.postMessage(await answer(line));
self.onmessage = ({ data }) => answer === null ? requests.push(data) : reply(data);
const { createSubject } = await import(${JSON.stringify(file)});
if (typeof createSubject !== "function") {
  throw new TypeError("Cannot serve the module: it must export a function createSubject");
}
const server = await createAdapterServer(await createSubject(), {
  read: Deno.readFile,
  write: (path, bytes) => Deno.writeFile(path, bytes, { createNew: true }),
});
answer = async (line) => ({ reply: await server.answer(line), last: server.isShutDown() });
for (const line of requests) await reply(line);
`;

const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
const worker = new Worker(url, {
  type: "module",
  deno: {
    permissions: {
      read: [scratch],
      write: [scratch],
      env: false,
      ffi: false,
      import: false,
      net: false,
      run: false,
      sys: false,
    },
  },
});
worker.addEventListener("error", (event) => {
  event.preventDefault();
  Deno.stderr.writeSync(new TextEncoder().encode(`${event.message}\n`));
  Deno.exit(1);
});

await serveLines(STANDARD_STREAMS, (line) => {
  const { promise, resolve } = Promise.withResolvers<{ reply: string; last: boolean }>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.postMessage(line);
  return promise;
});
worker.terminate();
