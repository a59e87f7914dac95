import assert from "node:assert/strict";
import {
  askFake,
  endEvent,
  streamOf,
  textEvent,
  TOKEN_TEXT,
  TRANSPORT_FORMS,
  usageEvent,
} from "./fake_server_test_support.ts";
import type { LiveErrorKind, LiveSettings } from "./live_schema.ts";

type Api = LiveSettings["api"];

const ASKED = 4;
const DONE = "[DONE]";

/** An answer, and the kind of failure that it is, or null where it is whole. */
interface AnswerCase {
  readonly name: string;
  readonly events: (api: Api) => readonly string[];
  readonly kind: LiveErrorKind | null;
  readonly message?: RegExp;
  readonly broken?: boolean;
  readonly settings?: Partial<LiveSettings>;
}

const texts = (api: Api, count: number): string[] => Array(count).fill(textEvent(api));
const whole = (api: Api, reason: unknown, tokens = ASKED): string[] => [
  ...texts(api, tokens),
  endEvent(api, reason),
  usageEvent(tokens),
  DONE,
];
/** Two tokens, then this event, then an end in order. */
const broken = (event: unknown) => (api: Api): string[] => [
  ...texts(api, 2),
  JSON.stringify(event),
  endEvent(api, "length"),
  usageEvent(ASKED),
  DONE,
];

const GIVEN_UP = ["abort", "error", "content_filter", "repetition", "recover_stop", "STOP"];
const WHOLE = ["stop", "length", "tool_calls", "function_call"];

/** Every shape in which servers say that they failed, and the text that has to come out. */
const ERRORS: readonly (readonly [event: unknown, message: RegExp])[] = [
  [{ error: { message: "out of memory", code: 500 } }, /^out of memory$/],
  [{ error: "out of memory" }, /^out of memory$/],
  [{ error: { code: 500 } }, /"code":500/],
  [{ error: ["out of memory"] }, /out of memory/],
  [{ object: "error", message: "out of memory", type: "ServerError", code: 500 }, /^out of memory/],
  [{ object: "error" }, /"object":"error"/],
  [{ type: "error", message: "out of memory" }, /^out of memory$/],
  [{ message: "out of memory", code: 500 }, /^out of memory$/],
  [{ message: "out of memory" }, /^out of memory$/],
  [{ code: 500 }, /500/],
  [{ detail: "out of memory" }, /^out of memory$/],
  [{ detail: [{ msg: "out of memory" }] }, /out of memory/],
  [{ error_code: 500, error_msg: "out of memory" }, /^out of memory$/],
  [{ choices: [], code: 500, message: "out of memory" }, /^out of memory$/],
  [{ choices: [{ delta: {}, error: { message: "out of memory" } }] }, /^out of memory$/],
];

const CASES: readonly AnswerCase[] = [
  ...WHOLE.map((reason): AnswerCase => ({
    name: `finish_reason ${reason}`,
    events: (api) => whole(api, reason),
    kind: null,
  })),
  {
    name: "whole, ended without [DONE]",
    events: (api) => whole(api, "stop").slice(0, -1),
    kind: null,
  },
  {
    name: "whole, a chunk a token and no usage",
    events: (api) => [...texts(api, ASKED), endEvent(api, "length"), DONE],
    kind: null,
  },
  {
    name: "shorter where answers may end early",
    events: (api) => whole(api, "stop", 2),
    kind: null,
    settings: { ignoreEos: false },
  },
  ...GIVEN_UP.map((reason): AnswerCase => ({
    name: `finish_reason ${reason}`,
    events: (api) => whole(api, reason),
    kind: "finish-reason",
    message: new RegExp(`'${reason}'`),
  })),
  {
    name: "finish_reason with a type of its own",
    events: (api) => whole(api, { type: "abort", message: "stopped" }),
    kind: "finish-reason",
    message: /'abort'/,
  },
  {
    name: "finish_reason abort, then another",
    events: (api) => [...texts(api, ASKED), endEvent(api, "abort"), ...whole(api, "stop", 0)],
    kind: "finish-reason",
  },
  {
    name: "given up where answers may end early",
    events: (api) => whole(api, "abort", 2),
    kind: "finish-reason",
    settings: { ignoreEos: false },
  },
  ...ERRORS.map(([event, message]): AnswerCase => ({
    name: `error ${JSON.stringify(event)}`,
    events: broken(event),
    kind: "server",
    message,
  })),
  {
    name: "an error after the finish reason",
    events: (api) => [...whole(api, "length").slice(0, -1), '{"object":"error","message":"late"}'],
    kind: "server",
    message: /^late$/,
  },
  ...[null, "", undefined].map((reason): AnswerCase => ({
    name: `[DONE] with finish_reason ${JSON.stringify(reason)}`,
    events: (api) => whole(api, reason),
    kind: "cut-off",
    message: /\[DONE\] came without a finish_reason/,
  })),
  {
    name: "[DONE] alone",
    events: () => [DONE],
    kind: "cut-off",
  },
  {
    name: "ended without [DONE] and finish_reason",
    events: (api) => texts(api, ASKED),
    kind: "cut-off",
    message: /the stream ended without/,
  },
  {
    name: "connection broken half-way",
    events: (api) => texts(api, 2),
    kind: "disconnected",
    broken: true,
  },
  {
    name: "fewer tokens by usage",
    events: (api) => [...texts(api, ASKED), endEvent(api, "stop"), usageEvent(ASKED - 1), DONE],
    kind: "token-count",
    message: /has 3 tokens \(by the server's usage\) of 4 asked for.*--no-ignore-eos/,
  },
  {
    name: "fewer tokens, without usage",
    events: (api) => [...texts(api, 2), endEvent(api, "stop"), DONE],
    kind: "token-count",
    message: /has 2 tokens \(chunks counted/,
  },
  {
    name: "more tokens",
    events: (api) => whole(api, "length", ASKED + 1),
    kind: "token-count",
    message: /does not keep to max_tokens/,
  },
  {
    name: "more tokens where answers may end early",
    events: (api) => whole(api, "length", ASKED + 1),
    kind: "token-count",
    settings: { ignoreEos: false },
  },
  {
    name: "more chunks with text than tokens",
    events: (api) => [...texts(api, ASKED + 1), endEvent(api, "length"), usageEvent(ASKED), DONE],
    kind: "token-count",
    message: /came in 5 chunks with text and has 4 tokens/,
  },
  {
    name: "no text",
    events: (api) => [endEvent(api, "length"), usageEvent(ASKED), DONE],
    kind: "malformed",
  },
  { name: "no JSON", events: (api) => [...texts(api, 2), "Internal error"], kind: "malformed" },
  {
    name: "neither chunk nor error",
    events: broken({ id: 1 }),
    kind: "malformed",
    message: /no choices, no usage and no error/,
  },
];

for (const api of ["completions", "chat"] as const) {
  for (const form of TRANSPORT_FORMS) {
    Deno.test(`sendRequest() tells whole answers from failures: ${api}, ${form.name}`, async () => {
      for (const { name, events, kind, message, broken, settings } of CASES) {
        const { error, gapsMs } = await askFake(
          () => streamOf(events(api), form, { broken: broken === true }),
          { settings: { api, ...settings }, outputTokens: ASKED },
        );
        assert.equal(error?.kind ?? null, kind, `${name}: ${error?.message}`);
        if (message !== undefined) assert.match(error!.message, message, name);
        if (kind === null) assert.ok(gapsMs.length > 0, name);
      }
    });
  }
}

Deno.test("sendRequest() gives the server's words where the body is no event stream", async () => {
  const table = [
    ['{"object":"error","message":"too long"}', "server", /^too long$/],
    ['{"error":"too long"}', "server", /^too long$/],
    ['{"choices":[{"text":"a","finish_reason":"stop"}]}', "malformed", /no event stream/],
    ["<html>", "malformed", /no event stream: <html>/],
  ] as const;
  for (const [body, kind, message] of table) {
    const { error } = await askFake(
      () => new Response(body, { headers: { "content-type": "application/json" } }),
      { outputTokens: 1 },
    );
    assert.equal(error?.kind, kind);
    assert.match(error!.message, message);
  }
});

Deno.test("sendRequest() takes tokens of chunks from counts, and text before the first token for none", async () => {
  const text = (tokens: number, words = TOKEN_TEXT): string => {
    const { usage } = JSON.parse(usageEvent(tokens));
    return JSON.stringify({ ...JSON.parse(textEvent("chat", words)), usage });
  };
  const plain = textEvent("chat");
  const table: readonly (readonly [string, string[], number[] | null, boolean])[] = [
    ["counts in every event", [text(1), text(3), text(4)], [1, 2, 1], true],
    ["last token without text", [text(1), text(3), text(4, "")], [1, 2], true],
    ["text before the first token", [text(0), text(1), text(4)], [1, 3], true],
    ["a count at the end alone", [plain, plain], [2, 2], false],
    ["counts that go back", [text(3), text(1)], [2, 2], false],
    ["one token a chunk", [plain, plain, plain, plain], [1, 1, 1, 1], true],
  ];
  for (const [name, events, chunkTokens, isExact] of table) {
    const all = [...events, endEvent("chat", "length"), usageEvent(ASKED), DONE];
    const record = await askFake(() => streamOf(all, TRANSPORT_FORMS[0]), {
      settings: { api: "chat" },
      outputTokens: ASKED,
    });
    assert.equal(record.error, null, name);
    assert.deepEqual(record.chunkTokens, chunkTokens, name);
    assert.equal(record.gapsMs.length, chunkTokens!.length - 1, name);
    assert.equal(record.exactChunks, isExact, name);
  }
});
