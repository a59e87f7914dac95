/** Adapters for tests, good and bad, as programs that `deno run` starts without permissions. */
import type { AdapterSpec } from "./open_adapter.ts";

/** Where tests keep scratch folders. */
export const SCRATCH_PARENT = "results/adapter-tests";

/** An adapter of a few lines; `ask` is told each request and writes what it likes. */
export function scriptedAdapter(
  script: string,
  capabilities: readonly string[] = ["allocator.tensor_parallel"],
): AdapterSpec {
  const program = `
const claims = ${JSON.stringify(capabilities)};
const encoder = new TextEncoder();
function write(text) {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}
function result(id, value) { write(JSON.stringify({ id, status: "result", value }) + "\\n"); }
function good({ id, command, kvHeadsGlobal, queryHeadsGlobal, ranks, rank }) {
  if (command === "hello") return result(id, { protocol: 1, name: "scripted" });
  if (command === "capabilities") return result(id, { capabilities: claims });
  if (command === "shutdown") { result(id, null); Deno.exit(0); }
  if (command !== "shard") return write(JSON.stringify({ id, status: "errored", message: "no" }) + "\\n");
  const replicated = kvHeadsGlobal < ranks;
  const isRank = Number.isInteger(rank) && rank >= 0 && rank < ranks;
  if (!isRank || (!replicated && kvHeadsGlobal % ranks !== 0) || queryHeadsGlobal % ranks !== 0) {
    return write(JSON.stringify({ id, status: "refused", code: "tp", message: "heads do not divide" }) + "\\n");
  }
  result(id, { kvHeads: replicated ? 1 : kvHeadsGlobal / ranks, queryHeads: queryHeadsGlobal / ranks });
}
let asked = 0;
async function ask(request, line) { asked++; ${script} }
let pending = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  pending += chunk;
  for (let end; (end = pending.indexOf("\\n")) >= 0; pending = pending.slice(end + 1)) {
    await ask(JSON.parse(pending.slice(0, end)), pending.slice(0, end));
  }
}
`;
  const url = `data:text/javascript;base64,${btoa(program)}`;
  return { kind: "exec", program: "deno", args: ["run", "--quiet", "--no-prompt", url] };
}
