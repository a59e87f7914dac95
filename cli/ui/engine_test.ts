import assert from "node:assert/strict";
import { parseKernelResult } from "../../bench/mod.ts";
import { parseReport } from "../../conformance/mod.ts";
import { closeGpu, openGpu } from "../../kernel/mod.ts";
import { type EngineHost, type EnginePort, serveEngine } from "./engine.ts";
import type { EngineMessage, EngineRequest, RunOrder } from "./messages.ts";

const probe = await openGpu();
if (probe.kind === "gpu") closeGpu(probe.gpu);
const missing = probe.kind === "gpu" ? "" : ` [SKIPPED: ${probe.reason}; ${probe.fix}]`;

const HOST: EngineHost = {
  navigator: { userAgent: "a browser on Linux", gpu: navigator.gpu },
  isSecureContext: true,
};

/** Sends requests one after the other and collects messages up to the last `ended`. */
async function converse(
  requests: readonly EngineRequest[],
  o: { readonly host?: EngineHost; readonly onMessage?: (m: EngineMessage) => void } = {},
): Promise<EngineMessage[]> {
  const messages: EngineMessage[] = [];
  let ended = Promise.withResolvers<void>();
  const port: EnginePort = {
    onmessage: null,
    postMessage(message) {
      messages.push(message);
      o.onMessage?.(message);
      if (message.kind === "ended") ended.resolve();
    },
  };
  serveEngine(port, o.host ?? HOST);
  for (const data of requests) {
    ended = Promise.withResolvers<void>();
    port.onmessage!(new MessageEvent("message", { data }));
    await ended.promise;
  }
  return messages;
}

function order(o: Partial<RunOrder>): EngineRequest {
  return {
    kind: "run",
    order: { filter: null, benchmark: false, subgroups: "auto", timeoutMs: 60_000, ...o },
  };
}

Deno.test("serveEngine() says what to do where a browser has no WebGPU", async () => {
  const host = { navigator: { userAgent: "old" }, isSecureContext: false };
  // This runtime has WebGPU of its own, which a browser without it has not.
  const own = Object.getOwnPropertyDescriptor(globalThis, "navigator")!;
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  try {
    const [problem] = await converse([{ kind: "describe" }], { host });
    assert.ok(problem?.kind === "problem");
    assert.match(problem.problem.title, /no secure context/);
  } finally {
    Object.defineProperty(globalThis, "navigator", own);
  }
});

Deno.test("serveEngine() refuses a filter before it opens a device", async () => {
  const texts: [string, RegExp][] = [["kernel:Bad", /Bad/], [
    "nothing",
    /No case matches 'nothing'/,
  ]];
  for (const [filter, message] of texts) {
    const [refused, ended] = await converse([order({ filter })]);
    assert.ok(
      refused?.kind === "refused" && message.test(refused.message),
      JSON.stringify(refused),
    );
    assert.equal(ended?.kind, "ended");
  }
});

Deno.test({
  name: `serveEngine() describes the adapter and reports the suites${missing}`,
  ignore: missing !== "",
  fn: async () => {
    const filter = "kernel:mask:window";
    const messages = await converse([{ kind: "describe" }, order({ filter, subgroups: "off" })]);
    const described = messages.find((m) => m.kind === "described");
    assert.ok(described?.families.includes("kernel:mask"));
    const ended = messages.find((m) => m.kind === "suite-ended");
    const file = parseReport(ended!.report.text, "a.jsonl");
    assert.ok(file.complete && file.summary.failed === 0 && file.summary.passed > 0);
    assert.equal(messages.filter((m) => m.kind === "case").length, file.cases.length);
    assert.deepEqual(file.run.environment, { browser: "a browser on Linux", os: "Linux" });
    assert.match(file.run.metadata["label"] ?? "", /no subgroups$/);
  },
});

Deno.test({
  name: `serveEngine() stops between two cases, and says so${missing}`,
  ignore: missing !== "",
  fn: async () => {
    let cases = 0;
    const messages: EngineMessage[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const port: EnginePort = {
      onmessage: null,
      postMessage(message) {
        messages.push(message);
        if (message.kind === "case" && ++cases === 2) {
          port.onmessage!(new MessageEvent("message", { data: { kind: "cancel" } }));
        }
        if (message.kind === "ended") resolve();
      },
    };
    serveEngine(port, HOST);
    const data = order({ filter: "kernel:mask:window", benchmark: true, subgroups: "off" });
    port.onmessage!(new MessageEvent("message", { data }));
    await promise;
    const ended = messages.find((m) => m.kind === "suite-ended");
    assert.equal(ended?.report.complete, false);
    assert.equal(cases, 2);
    assert.deepEqual(messages.at(-1), { kind: "ended", cancelled: true });
    assert.ok(!messages.some((m) => m.kind === "benchmark-step"), "no benchmark after a stop");
  },
});

Deno.test({
  name: `serveEngine() times cases sized to the adapter${missing}`,
  ignore: missing !== "",
  fn: async () => {
    const messages = await converse([order({ benchmark: true, subgroups: "off" })]);
    const ended = messages.find((m) => m.kind === "benchmark-ended");
    assert.ok(ended !== undefined, JSON.stringify(messages));
    const result = parseKernelResult(ended.report.text, { file: "a.json" });
    assert.deepEqual(result.environment, {
      os: "Linux",
      arch: null,
      browser: "a browser on Linux",
      adapter: result.adapter.description,
    });
    assert.equal(result.cases.length, 3);
    for (const { outcome } of result.cases) assert.equal(outcome.kind, "timed");
    assert.match(ended.report.picture ?? "", /^<svg/);
  },
});
