import assert from "node:assert/strict";
import { attendDirect, encodeValues } from "../../kernel/mod.ts";
import { judgeReply, problemOf } from "../suites/kernel_case.ts";
import { createAdapterSubject } from "./adapter_subject.ts";
import { readArithmetic } from "./protocol/declared_arithmetic.ts";
import type { AdapterSession } from "./session.ts";
import { flatTensor } from "./tensor_fields.ts";

const PROBLEM = problemOf(1);
const ORACLE = encodeValues("bf16", attendDirect(PROBLEM).output);

/** A conversation whose every output is the oracle's, `off` units in the last place away. */
function sessionOf(off: number, arithmetic?: Record<string, string>): AdapterSession {
  const output = flatTensor("BF16", ORACLE.map((bits) => bits + off));
  return {
    claims: {
      name: "stub",
      capabilities: new Set(["kernel.attend"] as const),
      ...(arithmetic === undefined ? {} : { arithmetic: readArithmetic(arithmetic) }),
    },
    scratch: {
      path: "",
      write: () => "a",
      take: () => new Map([["output", output]]),
      remove: () => {},
      close: () => Promise.resolve(),
    },
    request: (() => Promise.resolve({ kind: "ok", value: { tensors: "b" } })) as never,
    restart: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function judge(session: AdapterSession) {
  const { kernel } = createAdapterSubject(session);
  const options = { walk: "visible", splitTokens: 0, passes: "one" } as const;
  const reply = await kernel!.attend(PROBLEM, options);
  assert.ok(reply.kind === "ok");
  return judgeReply(PROBLEM, reply.value);
}

Deno.test("answers are judged by the arithmetic that the adapter declares", async () => {
  const rounded = { scores: "bf16", weights: "bf16" };
  assert.equal((await judge(sessionOf(0))).kind, "pass");
  await assert.rejects(judge(sessionOf(1)), /outside the bound/);
  assert.equal((await judge(sessionOf(1, rounded))).kind, "pass");
  await assert.rejects(judge(sessionOf(60, rounded)), /outside the bound/);
});

Deno.test("answers over a sparse cache are judged by the declared arithmetic too", async () => {
  const { kernel } = createAdapterSubject(sessionOf(0, { weights: "storage" }));
  const reply = await kernel!.attendSparse!(PROBLEM, { pageIds: Int32Array.of(0) });
  assert.ok(reply.kind === "ok");
  assert.deepEqual(reply.value.arithmetic?.map(({ weights }) => weights), [
    ...new Array<string>(PROBLEM.shape.batch).fill("storage"),
  ]);
});

Deno.test("a subject shows what the adapter says of its machine", () => {
  const session = sessionOf(0);
  const claims = { ...session.claims, metadata: { card: "H200", arithmetic: "its own word" } };
  assert.deepEqual(createAdapterSubject({ ...session, claims }).metadata, {
    card: "H200",
    arithmetic: "float32 throughout",
  });
});

Deno.test("a subject says by which arithmetic it is judged", () => {
  const told = (arithmetic?: Record<string, string>) =>
    createAdapterSubject(sessionOf(0, arithmetic)).metadata!.arithmetic;
  assert.equal(told(), "float32 throughout");
  assert.equal(told({ weights: "storage", scores: "f32" }), "weights storage");
});
