/** Batches of a clock may be sent before those before them are answered. */
import assert from "node:assert/strict";
import type { TimedSteps } from "../../kernel/mod.ts";
import { AdapterFault } from "./adapter_fault.ts";
import { openAdapter } from "./open_adapter.ts";
import { SCRATCH_PARENT as PARENT, scriptedAdapter } from "./testing_adapters.ts";

const STEPS: TimedSteps = {
  cache: 0,
  firstStep: 0,
  queryLengths: new Int32Array(0),
  cachedLengths: new Int32Array(0),
  groups: new Int32Array(0),
  table: null,
  changes: new Int32Array(0),
  changeStarts: Int32Array.of(0),
  samples: new Int32Array(0),
};

/** Opens a clock of a few lines: `held` are ids of `steps`, and `refuse` answers one. */
async function withClock(
  onSteps: string,
  use: (clock: { steps: () => Promise<unknown>; close: () => Promise<void> }) => Promise<void>,
  requestTimeoutMs = 20_000,
): Promise<void> {
  const script = `
    globalThis.held ??= [];
    const refuse = (id, code) => write(JSON.stringify({ id, status: "refused", code, message: "no" }) + "\\n");
    if (request.command === "steps") { held.push(request.id); ${onSteps}; return; }
    if (request.command === "close") return result(request.id, null);
    good(request);`;
  const { subject, close } = await openAdapter(scriptedAdapter(script, ["clock"]), {
    scratchParent: `${PARENT}/ahead`,
    limits: { requestTimeoutMs },
  });
  try {
    const clock = subject.clock!;
    await use({ steps: () => clock.steps(STEPS), close: () => clock.close(0) });
  } finally {
    await close();
  }
}

const refused = (code: string) => ({ kind: "refused", code, message: "no" });

Deno.test("an adapter that waits for a second batch gets it before it answers the first", () =>
  withClock(
    "if (held.length === 2) for (const id of held.splice(0)) refuse(id, 'of ' + held.length)",
    async ({ steps }) => {
      const both = await Promise.all([steps(), steps()]);
      assert.deepEqual(both, [refused("of 1"), refused("of 0")].map(() => refused("of 0")));
    },
  ));

Deno.test("a third batch waits for the answer to the first", () =>
  withClock(
    // After a while without a third, one is answered; the code says how many were here.
    "setTimeout(() => { const at = held.length; refuse(held.shift(), 'of ' + at); }, 300)",
    async ({ steps }) => {
      const all = await Promise.all([steps(), steps(), steps()]);
      assert.deepEqual(all[0], refused("of 2"));
    },
  ));

Deno.test("what is not a batch waits for all batches", () =>
  withClock(
    "setTimeout(() => refuse(held.shift(), 'x'), 100)",
    async ({ steps, close }) => {
      const order: string[] = [];
      await Promise.all([
        steps().then(() => order.push("first")),
        steps().then(() => order.push("second")),
        close().then(() => order.push("close")),
      ]);
      assert.deepEqual(order, ["first", "second", "close"]);
    },
  ));

Deno.test("an adapter that ends with two batches fails both, and is started again", () =>
  withClock("if (held.length === 2) Deno.exit(7)", async ({ steps, close }) => {
    const both = await Promise.allSettled([steps(), steps()]);
    for (const each of both) {
      assert.ok(each.status === "rejected" && each.reason instanceof AdapterFault);
      assert.match(each.reason.message, /exit code 7/);
    }
    await close();
  }));

Deno.test("the time of a batch begins when it is its turn", () =>
  withClock(
    "setTimeout(() => refuse(held.shift(), 'x'), held.length === 1 ? 900 : 1800)",
    async ({ steps }) => {
      const both = await Promise.all([steps(), steps()]);
      assert.deepEqual(both, [refused("x"), refused("x")]);
    },
    1500,
  ));
