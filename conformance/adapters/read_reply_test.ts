import assert from "node:assert/strict";
import { judgeReply, parseReply } from "./read_reply.ts";

const line = (fields: object): string => JSON.stringify({ id: 1, ...fields });
const fault = { name: "AdapterFault", verdict: "adapter-error" };

Deno.test("parseReply() takes a reply to this request and to no other", () => {
  const value = { kvHeads: 1, queryHeads: 4 };
  const reply = parseReply("shard", 1, line({ status: "result", value }));
  assert.deepEqual(reply, { id: 1, status: "result", value });
  assert.throws(() => parseReply("shard", 2, line({ status: "result", value })), {
    ...fault,
    message: /reply 1 to request 2, "shard"/,
  });
});

Deno.test("parseReply() names what the protocol does not know, without a terminal's commands", () => {
  const cases: [string, RegExp][] = [
    ["\x1b[2J", /what is not JSON: \ufffd\[2J/],
    ["[]", /does not know/],
    [line({ status: "result", value: { kvHeads: 1 } }), /value\.queryHeads/],
    [line({ status: "result", value: null, more: "x".repeat(500) }), /x…$/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseReply("shard", 1, text), { ...fault, message });
  }
});

Deno.test("judgeReply() tells an answer, a lack and a broken claim apart", () => {
  const judge = (fields: object, claimed: "kernel.f16"[] = []) =>
    judgeReply("shard", parseReply("shard", 1, line(fields)), { claimed: new Set(claimed) });
  const refused = { status: "refused", code: "tp", message: "heads do not divide" };
  assert.deepEqual(judge(refused), { kind: "refused", code: "tp", message: refused.message });
  const skipped = { status: "skipped", missing: ["kernel.f16"], reason: "no halves" };
  assert.throws(() => judge(skipped), { name: "AdapterSkip", message: /kernel\.f16: no halves/ });
  assert.throws(() => judge(skipped, ["kernel.f16"]), { ...fault, message: /claims kernel\.f16/ });
  const errored = { status: "errored", message: "no memory", traceback: "line 1" };
  assert.throws(() => judge(errored), { ...fault, message: /broke in "shard": no memory\nline 1/ });
});
