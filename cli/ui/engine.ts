/**
 * The engine: the very suites and benchmark of the command line, driven by messages. It runs in a
 * worker, so that the page stays responsive while an oracle computes.
 */

import { groupOf, listCases } from "../../conformance/mod.ts";
import { closeGpu, type Gpu, openGpu } from "../../kernel/mod.ts";
import { adapterFacts } from "./adapter_facts.ts";
import { type BrowserNavigator, describeBrowser, explainMissingGpu } from "./browser.ts";
import { runBenchmark } from "./engine_benchmark.ts";
import { chooseTests, runSuites } from "./engine_suites.ts";
import type { EngineMessage, EngineRequest, RunOrder } from "./messages.ts";

/** The other end: the global scope of a worker, or a port. */
export interface EnginePort {
  /** Tells the page something. */
  postMessage(message: EngineMessage): void;
  /** What the page asks for. */
  onmessage: ((event: MessageEvent<EngineRequest>) => void) | null;
}

/** Where the engine runs. */
export interface EngineHost {
  readonly navigator: BrowserNavigator & { readonly gpu?: GPU };
  /** Whether browsers would give a GPU here. */
  readonly isSecureContext: boolean;
}

/** Answers requests until the worker ends. A run that is ordered during another one is not begun. */
export function serveEngine(port: EnginePort, host: EngineHost): void {
  let running: AbortController | null = null;
  port.onmessage = async ({ data }) => {
    if (data.kind === "cancel") return running?.abort();
    if (running !== null) return;
    running = new AbortController();
    try {
      if (data.kind === "describe") await describe(port, host);
      else await run(data.order, { port, host, stop: running });
    } catch (error) {
      const title = `The run broke: ${error instanceof Error ? error.message : error}`;
      const fixes = ["Run again; if it breaks the same way, report it with the browser's name."];
      port.postMessage({ kind: "problem", problem: { title, fixes } });
    } finally {
      port.postMessage({ kind: "ended", cancelled: running.signal.aborted });
      running = null;
    }
  };
}

async function describe(port: EnginePort, host: EngineHost): Promise<void> {
  const gpu = await open(port, host, "auto");
  if (gpu === null) return;
  const families = [...new Set(listCases().map(groupOf))];
  port.postMessage({ kind: "described", adapter: adapterFacts(gpu), families });
  closeGpu(gpu);
}

async function open(
  port: EnginePort,
  host: EngineHost,
  subgroups: RunOrder["subgroups"],
): Promise<Gpu | null> {
  const { navigator, isSecureContext: isSecure } = host;
  const provider = navigator.gpu;
  const outcome = await openGpu({
    subgroups,
    // Browsers compile WGSL as it is standardised, and so does Tint.
    dialect: "tint",
    ...(provider === undefined ? {} : { provider }),
  });
  if (outcome.kind === "gpu") return outcome.gpu;
  const { reason } = outcome;
  const problem = explainMissingGpu({ hasWebGpu: provider !== undefined, isSecure, reason });
  port.postMessage({ kind: "problem", problem });
  return null;
}

async function run(
  order: RunOrder,
  o: { readonly port: EnginePort; readonly host: EngineHost; readonly stop: AbortController },
): Promise<void> {
  const { port, host, stop } = o;
  const tests = order.filter === null ? null : chooseTests(order.filter);
  if (tests?.kind === "refused") return port.postMessage(tests);
  const gpu = await open(port, host, order.subgroups);
  if (gpu === null) return;
  let lost: string | null = null;
  gpu.device.lost.then(({ reason, message }) => {
    if (reason === "destroyed") return;
    lost = message;
    stop.abort();
  });
  const adapter = gpu.adapter.description;
  const environment = await describeBrowser(host.navigator, { adapter });
  const post = (message: EngineMessage): void => port.postMessage(message);
  const place = { gpu, environment, signal: stop.signal, post };
  try {
    if (tests !== null) await runSuites(tests, { ...order, ...place });
    if (order.benchmark && !stop.signal.aborted) await runBenchmark(place);
  } catch (error) {
    // What a lost device, or a run told to stop, breaks on its way out tells nothing new.
    if (!stop.signal.aborted) throw error;
  } finally {
    closeGpu(gpu);
    if (lost !== null) {
      const title = `The GPU device was lost: ${lost}`;
      const fixes = [
        "What ran until then stands below. Run again: a run opens a new device.",
        "If it is lost at the same case each time, run that case alone and report it.",
      ];
      post({ kind: "problem", problem: { title, fixes } });
    }
  }
}
