/** A benchmark of live servers: the same requests to each, in interleaved pairs. */

import { synthesizeRequests, type TraceRequest, type Workload } from "../../fixtures/mod.ts";
import { describeEnvironment, optionError } from "../result/mod.ts";
import { interleaveSides } from "../statistics/mod.ts";
import { judgeLive } from "./live_gate.ts";
import { LIVE_FORMULAS, measureLive } from "./live_metrics.ts";
import {
  LIVE_SCHEMA_VERSION,
  type LiveError,
  type LiveResult,
  type LiveRun,
  type LiveSettings,
  type LiveSide,
} from "./live_schema.ts";
import type { LiveEndpoint, LiveOptions, LiveProgress } from "./live_types.ts";
import { type OpenLoopLog, runOpenLoop } from "./open_loop.ts";
import { isToken, redactDocument } from "./token.ts";

/** How servers are asked where nothing else is said. */
export const DEFAULT_LIVE_SETTINGS: LiveSettings = {
  api: "completions",
  promptAs: "text",
  maxInFlight: 256,
  timeScale: 1,
  requestTimeoutMs: 600_000,
  idleTimeoutMs: 60_000,
  warmupRequests: 2,
  pairs: 6,
  ignoreEos: true,
  seed: 1,
  objectives: null,
};

/** Between the prompts of warm-up and of each pair, so that no run warms a cache for another. */
const SEED_STRIDE = 7919;

/**
 * Replays requests on one streaming server, or on two in interleaved pairs, and judges the first
 * against the second. An open loop: a request is sent when it is due, however long others take;
 * only the concurrency cap holds it back, and its waiting counts. Nothing is tried again.
 *
 * @throws {BenchError} When a setting is out of range, a URL is none or a token cannot be sent.
 * @throws {DOMException} `AbortError` when the run is stopped.
 */
export async function runLive(o: LiveOptions): Promise<LiveResult> {
  const settings = { ...DEFAULT_LIVE_SETTINGS, ...o.settings };
  const requests = o.trace?.requests ?? openLoopRequests(o.workload);
  checkSettings(settings, requests.length);
  const endpoints = [o.endpoint, ...(o.against === undefined ? [] : [o.against])].map(
    checkEndpoint,
  );
  const signal = o.signal ?? new AbortController().signal;
  const runs: LiveRun[][] = endpoints.map(() => []);
  const warmupErrors: LiveError[][] = endpoints.map(() => []);
  const clients = endpoints.map(({ url }) => openClient(url, settings.maxInFlight));
  try {
    const replay = (
      side: number,
      turn: { phase: LiveProgress["phase"]; pair: number; requests: readonly TraceRequest[] },
    ) =>
      runOpenLoop({
        requests: turn.requests,
        endpoint: endpoints[side],
        settings,
        client: clients[side],
        prefixBlockTokens: o.trace?.prefixBlockTokens ?? 512,
        promptSeed: settings.seed + SEED_STRIDE * (turn.pair + 1),
        signal,
        onDone: (done) =>
          o.onProgress?.({
            phase: turn.phase,
            url: redactDocument(endpoints[side].url, [endpoints[side].token]),
            pair: turn.pair,
            done,
            requests: turn.requests.length,
          }),
      });
    const warmup = requests.slice(0, settings.warmupRequests)
      .map(({ after: _, ...request }) => ({ ...request, arrivalMs: 0 }));
    for (let side = 0; side < endpoints.length && warmup.length > 0; side++) {
      const log = await replay(side, { phase: "warm-up", pair: -1, requests: warmup });
      warmupErrors[side].push(...errorsOf(log));
    }
    const turns = interleaveSides({ sides: endpoints.length, pairs: settings.pairs });
    for (const [order, { side, pair }] of turns.entries()) {
      const log = await replay(side, { phase: "replay", pair, requests });
      runs[side].push({
        pair,
        order,
        ...measureLive(log, settings.objectives),
        errors: errorsOf(log),
      });
    }
  } finally {
    for (const client of clients) client.close();
  }
  const sides = endpoints.map(({ url, model }, side): LiveSide => ({
    role: side === 0 ? "endpoint" : "against",
    url,
    model,
    warmupErrors: warmupErrors[side],
    runs: runs[side],
  }));
  const result: LiveResult = {
    kind: "headwise/live-result",
    schemaVersion: LIVE_SCHEMA_VERSION,
    createdAt: new Date().toISOString(),
    environment: o.environment ?? describeEnvironment({ adapter: null }),
    workload: { name: o.workload.name, sha256: o.workload.sourceSha256 },
    requests: {
      count: requests.length,
      trace: o.trace?.name ?? null,
      sha256: o.trace?.sha256 ?? null,
      dropped: o.trace?.dropped ?? {},
    },
    settings,
    formulas: LIVE_FORMULAS,
    sides,
    gate: sides.length === 2 ? judgeLive({ endpoint: sides[0], against: sides[1] }) : null,
  };
  return redactDocument(result, endpoints.map(({ token }) => token));
}

function errorsOf({ records }: OpenLoopLog): LiveError[] {
  return records.map(({ error }) => error).filter((error) => error !== null);
}

function checkSettings(settings: LiveSettings, requests: number): void {
  const { maxInFlight, warmupRequests, pairs, seed, requestTimeoutMs, idleTimeoutMs, timeScale } =
    settings;
  const whole: readonly [string, number, number][] = [
    ["requests", requests, 1],
    ["maxInFlight", maxInFlight, 1],
    ["warmupRequests", warmupRequests, 0],
    ["pairs", pairs, 1],
    ["seed", seed, 0],
  ];
  for (const [name, value, least] of whole) {
    if (Number.isInteger(value) && value >= least) continue;
    throw optionError(`Cannot run with ${name} '${value}': give an integer of at least ${least}`);
  }
  for (const [name, value] of Object.entries({ requestTimeoutMs, idleTimeoutMs, timeScale })) {
    if (Number.isFinite(value) && (value > 0 || (value === 0 && name === "timeScale"))) continue;
    throw optionError(`Cannot run with ${name} '${value}': give more than 0`);
  }
  if (settings.api === "chat" && settings.promptAs === "token-ids") {
    throw optionError(
      "Cannot send token ids to the chat API: it takes text only; use the completions API",
    );
  }
}

function checkEndpoint(endpoint: LiveEndpoint): LiveEndpoint {
  const url = URL.canParse(endpoint.url) ? new URL(endpoint.url) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw optionError(
      `Cannot ask '${withoutSecrets(endpoint.url)}': give a base URL such as ` +
        "http://127.0.0.1:8000/v1",
    );
  }
  if (endpoint.token !== null && !isToken(endpoint.token)) {
    throw optionError(
      `Cannot send the token for '${url.origin}': it has to be of visible ASCII characters, ` +
        "without blanks and line breaks",
    );
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw optionError(
      `Cannot ask '${url.origin}': a base URL has no user, query or fragment; give a token apart`,
    );
  }
  return { ...endpoint, url: `${url.origin}${withoutLastSlashes(url.pathname)}` };
}

/**
 * Connections to one server. Idle ones are kept, so that a request after the warm-up does not pay
 * for a new one. A proxy that the environment names would be measured too, and read the token: it
 * is passed by. Behind TLS it sees neither, and this way around it would leave TLS out.
 */
function openClient(address: string, maxInFlight: number): Deno.HttpClient {
  const { protocol, hostname, port } = new URL(address);
  const kept = { http2: false, poolMaxIdlePerHost: maxInFlight };
  return Deno.createHttpClient(
    protocol === "https:"
      ? kept
      : { ...kept, proxy: { transport: "tcp", hostname, port: port === "" ? 80 : Number(port) } },
  );
}

function withoutLastSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
}

/** What is no URL may still have a password or a key in it. */
function withoutSecrets(text: string): string {
  return text.split(/[?#]/, 1)[0]!.split("/")
    .map((part) => part.slice(part.lastIndexOf("@") + 1)).join("/");
}

/** Requests whose arrivals are known beforehand, as a live run sends them. */
function openLoopRequests(workload: Workload): readonly TraceRequest[] {
  const { requests } = workload;
  const kind = requests.kind === "synthetic" ? requests.arrivals.kind : "list";
  if (kind === "closed-loop" || kind === "saturation-share") {
    throw optionError(
      `Cannot send arrivals of kind '${kind}' to a live server: they follow from a replay; give ` +
        `'poisson' with a rate`,
    );
  }
  return synthesizeRequests(workload);
}
