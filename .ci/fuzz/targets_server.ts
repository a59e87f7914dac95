/** Readers of what comes over the wire, and of the tool's own settings. */
import { parseChunk } from "../../bench/live/completion_chunk.ts";
import {
  parseCompletionRequest,
  prefixBlocksOf,
  readBody,
} from "../../bench/live/serve_request.ts";
import { readEvents } from "../../bench/live/sse.ts";
import { parseConfigFile } from "../../cli/settings/mod.ts";
import { parseOverrides } from "../../cli/workload/mod.ts";
import { type FuzzTarget, textOf } from "./target.ts";

const BOUNDS = { maxLineCharacters: 1 << 14, maxBytes: 1 << 15 };
const ORIGIN = { kind: "flag", text: "--set" } as const;

/** Readers of HTTP bodies, event streams and settings. */
export const SERVER_TARGETS: readonly FuzzTarget[] = [
  {
    name: "serve/request",
    seeds: [
      '{"model":"a","prompt":"one two three","max_tokens":4,"stream":true}',
      '{"prompt":[1,2,3],"max_tokens":2,"stream_options":{"include_usage":true}}',
      '{"messages":[{"role":"user","content":[{"type":"text","text":"a b"}]}],"n":1}',
    ],
    errors: ["RefusedRequest"],
    read: async (input) => {
      const request = new Request("http://127.0.0.1/", { method: "POST", body: input.slice() });
      const text = await readBody(request, { maxBytes: 1 << 15, timeoutMs: 1000 });
      for (const chat of [text.includes("messages"), false]) {
        prefixBlocksOf(parseCompletionRequest(text, { chat }).promptTokens, 2);
      }
    },
  },
  {
    name: "live/event-stream",
    seeds: [
      'data: {"choices":[{"text":" a","finish_reason":null}]}\n\n' +
      'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\ndata: [DONE]\n\n',
      ': ping\r\ndata: {"choices":[{"delta":{"content":"a"}}]}\r\n\r\ndata: {"error":{"message":"x"}}\r\n\r\n',
    ],
    words: ["data:", "data: ", "\n\n", "\r", "[DONE]", "event: x\n"],
    errors: ["StreamFormatError"],
    read: async (input) => {
      const stream = ReadableStream.from([input.slice(0, 11), input.slice(11)]);
      for await (const data of readEvents(stream, BOUNDS)) {
        if (data !== "[DONE]") parseChunk(data);
      }
    },
  },
  {
    name: "cli/settings-file",
    seeds: ["conformance:\n  filter: kernel\nbench:\n  clock: gpu\n  pairs: 3 # why three\n"],
    words: ["&a ", "*a", "<<: *a", "? ", "bench: "],
    errors: ["SettingError"],
    read: (input) =>
      parseConfigFile(textOf(input), {
        file: "fuzzed",
        command: "bench",
        known: { bench: ["clock", "pairs"], conformance: ["filter"] },
      }),
  },
  {
    name: "cli/overrides",
    seeds: ["cache.pages=512,tensorParallel=2", "seed=7", "headMap=null,name='x'"],
    errors: ["SettingError"],
    read: (input) => parseOverrides(textOf(input), ORIGIN),
  },
];
