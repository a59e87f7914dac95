import assert from "node:assert/strict";
import { chooseSubject, limitsOf } from "./choose_subject.ts";
import { MissingDevice } from "../gpu/missing_device.ts";

Deno.test("chooseSubject() opens no device when the oracle is asked for", async () => {
  const { subject, note } = await chooseSubject({
    subject: "oracle",
    gpu: "deno",
    subgroups: "auto",
    timeoutMs: 1000,
  });
  assert.equal(subject.name, "oracle");
  assert.equal(note, null);
});

Deno.test("chooseSubject() takes the device, or says why it takes the oracle", async () => {
  const { label, note, close } = await chooseSubject({
    subject: "auto",
    gpu: "deno",
    subgroups: "off",
    timeoutMs: 1000,
  });
  await close();
  if (note === null) assert.match(label, /^webgpu on .*, no subgroups$/);
  else assert.match(note, /^Judging the oracle: .*; .*deno task setup/);
});

Deno.test("limitsOf() lets three requests hang in the time of a case", () => {
  assert.deepEqual(limitsOf({ timeoutMs: 30_000 }), { requestTimeoutMs: 10_000 });
  assert.deepEqual(limitsOf({ timeoutMs: 100 }), { requestTimeoutMs: 34 });
});

Deno.test("MissingDevice names how to fix it", () => {
  const error = new MissingDevice({ reason: "No adapter", fix: "run `deno task setup`" });
  assert.equal(error.message, "Cannot use a GPU: No adapter; run `deno task setup`");
});

Deno.test("chooseSubject() opens an adapter, and names it", async () => {
  const subject = "module:conformance/adapters/examples/oracle_adapter.ts";
  const chosen = await chooseSubject({
    subject,
    gpu: "deno",
    subgroups: "auto",
    timeoutMs: 30_000,
  });
  await chosen.close();
  assert.equal(chosen.label, "oracle");
  assert.ok(chosen.subject.capabilities.has("kernel.attend"));
});
