/**
 * Hosts a shared library: `ffi_host.ts LIBRARY`. The library runs in this process alone, so that its
 * crash is this process's crash and no one else's.
 */
import { serveLines, STANDARD_STREAMS } from "./serve_lines.ts";

const ABI_VERSION = 1;
const REPLY_BYTES = 1 << 20;

const library = Deno.dlopen(Deno.args.at(-1) ?? "", {
  headwise_adapter_abi: { parameters: [], result: "i32" },
  headwise_adapter_call: {
    parameters: ["buffer", "usize", "buffer", "usize"],
    result: "i64",
  },
});
const abi = library.symbols.headwise_adapter_abi();
if (abi !== ABI_VERSION) {
  throw new Error(
    `Cannot host the library: it was built for ABI ${abi}, and this suite has ABI ${ABI_VERSION}; ` +
      "build it again with this suite's headwise_adapter.h",
  );
}

const reply = new Uint8Array(REPLY_BYTES);
await serveLines(STANDARD_STREAMS, (line) => {
  const request = new TextEncoder().encode(`${line}\0`);
  const length = Number(
    library.symbols.headwise_adapter_call(
      request,
      BigInt(request.length - 1),
      reply,
      BigInt(reply.length),
    ),
  );
  if (length < 0 || length > reply.length) {
    const what = length < 0 ? `failed with ${length}` : `gave ${length} bytes of ${reply.length}`;
    throw new Error(`Cannot reply: headwise_adapter_call ${what}`);
  }
  const text = new TextDecoder("utf-8", { fatal: true }).decode(reply.subarray(0, length));
  return Promise.resolve({ reply: text, last: line.includes('"command":"shutdown"') });
});
