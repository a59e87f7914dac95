/** An OpenAI-compatible streaming server whose answers are timed by the replay engine. */

import type { Workload } from "../../fixtures/mod.ts";
import { BenchError, optionError, type ResultCeilings, type Side } from "../result/mod.ts";
import {
  type ConnectionGuard,
  DEFAULT_CONNECTION_BOUNDS,
  guardConnections,
} from "./connection_guard.ts";
import { type AnswerServer, errorResponse, streamAnswer, wholeAnswer } from "./serve_answer.ts";
import { refuseForeign } from "./request_source.ts";
import { createServeEngine, type EngineStatus, PREFIX_BLOCK_TOKENS } from "./serve_engine.ts";
import { faultOf, type ServeFaults } from "./serve_faults.ts";
import {
  parseCompletionRequest,
  prefixBlocksOf,
  readBody,
  type ReadingBudget,
  RefusedRequest,
} from "./serve_request.ts";
import { countUnread } from "./unread_bytes.ts";

/** What a server holds out against where nothing else is said. */
export const DEFAULT_SERVE_BOUNDS = {
  ...DEFAULT_CONNECTION_BOUNDS,
  /** Most bytes of a body; more is refused with 413. */
  maxBodyBytes: 8 << 20,
  /** Most time for a body to arrive, in milliseconds; longer is refused with 408. */
  bodyTimeoutMs: 10_000,
  /** Most requests taken at once, waiting ones included; more are refused with 429. */
  maxRequests: 512,
  /** Most bodies being read at once; more are refused with 503. */
  maxReading: 256,
  /** Bytes of all bodies being read at once; more are refused with 503. */
  maxReadingBytes: 64 << 20,
  /** Bytes that a client may leave unread before its request is ended. */
  maxUnreadBytes: 1 << 20,
  /** Bytes that all clients may leave unread; then those with most are ended. */
  maxUnreadBytesInAll: 64 << 20,
};

/** What a server holds out against. */
export type ServeBounds = Readonly<typeof DEFAULT_SERVE_BOUNDS>;

/** Options of {@link startServer}. */
export interface ServeOptions {
  /** Model, cache and scheduler; its requests do not matter. */
  readonly workload: Workload;
  /** Layout, walk and recycling. */
  readonly side: Side;
  /** Ceilings that steps are costed by; without them the workload has to state some. */
  readonly ceilings?: ResultCeilings;
  /** Address. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** Whether an address that other machines can reach is meant. @default {false} */
  readonly allowRemote?: boolean;
  /** Port; 0 takes a free one. @default {0} */
  readonly port?: number;
  /** Factor on the time of every step: 2 is half as fast, 0 takes no time. @default {1} */
  readonly timeScale?: number;
  /** Tokens that are sent in one event. @default {1} */
  readonly tokensPerEvent?: number;
  /** What goes wrong. @default {nothing} */
  readonly faults?: ServeFaults;
  /** Whether prompts share the pages of their prefixes. @default {the workload's cache.prefixCache} */
  readonly prefixCache?: boolean;
  /** What it holds out against. @default {DEFAULT_SERVE_BOUNDS} */
  readonly bounds?: Partial<ServeBounds>;
  /** Seed of page order and speculative acceptance. @default {the workload's} */
  readonly seed?: number;
}

/** A running server. */
export interface RunningServer {
  /** Base URL for clients, up to and with the version. */
  readonly url: string;
  /** What the engine has done and is doing. */
  readonly status: () => EngineStatus;
  /** Connections at the moment. */
  readonly connections: () => number;
  /** Ends every request and stops. */
  readonly close: () => Promise<void>;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** Everything that a request needs of the server. */
interface Server extends AnswerServer {
  readonly bounds: ServeBounds;
  readonly faults: ServeFaults;
  readonly workload: Workload;
  /** Whether prompts share the pages of their prefixes. */
  readonly prefixCache: boolean;
  /** Whether others may reach it, by whatever name. */
  readonly isRemoteAllowed: boolean;
  requests: number;
  reading: number;
  /** What bodies being read may still take up. */
  readonly budget: ReadingBudget;
}

/**
 * Starts a server with `/v1/completions`, `/v1/chat/completions`, `/v1/models` and `/health`. A
 * prompt's tokens are its words, or its ids; an answer is always as long as `max_tokens` says. It
 * listens on loopback unless told otherwise, for it knows no users, and there refuses what a web page
 * could have sent: a foreign `Host` or `Origin`, and bodies that are not declared to be JSON.
 *
 * @param o Workload, side, address and bounds.
 * @throws {BenchError} When an option is out of range, or the address is not loopback.
 */
export async function startServer(o: ServeOptions): Promise<RunningServer> {
  const hostname = o.hostname ?? "127.0.0.1";
  requireLoopback({ hostname, allowRemote: o.allowRemote ?? false });
  const timeScale = o.timeScale ?? 1;
  const tokensPerEvent = o.tokensPerEvent ?? 1;
  if (!(timeScale >= 0 && Number.isFinite(timeScale))) {
    throw optionError(`Cannot scale time by '${timeScale}': give at least 0`);
  }
  if (!Number.isInteger(tokensPerEvent) || tokensPerEvent < 1) {
    throw optionError(
      `Cannot send '${tokensPerEvent}' tokens in an event: give an integer of at least 1`,
    );
  }
  const bounds = { ...DEFAULT_SERVE_BOUNDS, ...o.bounds };
  const prefixCache = o.prefixCache ?? o.workload.cache.prefixCache;
  const engine = createServeEngine({
    workload: o.workload,
    side: o.side,
    ceilings: chooseCeilings(o),
    timeScale,
    maxRequests: bounds.maxRequests,
    prefixCache,
    seed: o.seed ?? o.workload.seed,
  });
  const server: Server = {
    engine,
    bounds,
    maxRequests: bounds.maxRequests,
    unread: countUnread({
      maxBytes: bounds.maxUnreadBytes,
      maxBytesInAll: bounds.maxUnreadBytesInAll,
    }),
    faults: o.faults ?? {},
    tokensPerEvent,
    workload: o.workload,
    prefixCache,
    isRemoteAllowed: o.allowRemote ?? false,
    requests: 0,
    reading: 0,
    budget: { leftBytes: bounds.maxReadingBytes },
  };
  // Only the guard is reached from elsewhere; the server behind it has a port of the system's choice.
  const listening = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      onError: () => errorResponse(500, "Fault"),
    },
    (request, info) => {
      guard.onRequest(info.remoteAddr.port, info.completed);
      return handle(server, request);
    },
  );
  let guard: ConnectionGuard;
  try {
    const serverPort = listening.addr.port;
    guard = guardConnections({ hostname, port: o.port ?? 0, serverPort, bounds });
  } catch (error) {
    await engine.close();
    await listening.shutdown();
    throw error;
  }
  const { port } = guard.address;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `http://${host}:${port}/v1`,
    status: engine.status,
    connections: guard.connections,
    async close(): Promise<void> {
      for (const stream of [...server.unread.streams]) stream.breakOff("the server stopped");
      await engine.close();
      guard.close();
      await listening.shutdown();
    },
  };
}

/**
 * Checks that a server is reached by this machine alone, or that more is meant.
 *
 * @param o Address to listen on, and whether one that other machines can reach is meant.
 * @throws {BenchError} When other machines could reach it and that is not meant.
 */
export function requireLoopback(
  o: { readonly hostname: string; readonly allowRemote: boolean },
): void {
  if (isLoopback(o.hostname) || o.allowRemote) return;
  throw optionError(
    `Cannot listen on '${o.hostname}': other machines could reach it and it knows no users; give ` +
      `a loopback address, or allow it with --allow-remote`,
  );
}

/**
 * Tells whether an address is one that only this machine reaches.
 *
 * @returns True for the names of loopback that a server takes.
 */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.has(hostname);
}

function chooseCeilings({ ceilings, workload }: ServeOptions): ResultCeilings {
  if (ceilings !== undefined) return ceilings;
  if (workload.ceilings !== null) return { ...workload.ceilings, source: "fixture" };
  throw new BenchError(
    "bench/ceilings",
    `Cannot cost a step of workload '${workload.name}': it states no ceilings and none were given`,
  );
}

async function handle(server: Server, request: Request): Promise<Response> {
  const refusal = server.isRemoteAllowed ? null : refuseForeign(request);
  if (refusal !== null) return errorResponse(refusal.status, refusal.message);
  const { pathname } = new URL(request.url);
  const chat = pathname === "/v1/chat/completions";
  if (chat || pathname === "/v1/completions") {
    if (request.method !== "POST") return errorResponse(405, "Use POST");
    try {
      return await complete(server, request, chat);
    } catch (error) {
      if (error instanceof RefusedRequest) return errorResponse(error.status, error.message);
      // The client went away while its body was being read.
      return errorResponse(400, "The body could not be read");
    }
  }
  if (pathname === "/v1/models") {
    const data = [{ id: server.workload.model.name, object: "model", owned_by: "headwise" }];
    return Response.json({ object: "list", data });
  }
  if (pathname === "/health") return Response.json(server.engine.status());
  return errorResponse(
    404,
    "There is only /v1/completions, /v1/chat/completions, /v1/models, /health",
  );
}

async function complete(server: Server, request: Request, chat: boolean): Promise<Response> {
  const { bounds } = server;
  if (server.reading >= bounds.maxReading) {
    throw new RefusedRequest(503, `${bounds.maxReading} bodies are being read already`);
  }
  server.reading++;
  let text: string;
  try {
    text = await readBody(request, {
      maxBytes: bounds.maxBodyBytes,
      timeoutMs: bounds.bodyTimeoutMs,
      budget: server.budget,
    });
  } finally {
    server.reading--;
  }
  const { promptTokens, ...rest } = parseCompletionRequest(text, { chat });
  const longest = server.workload.scheduler.modelLengthTokens;
  if (promptTokens.length + rest.maxTokens > longest) {
    throw new RefusedRequest(
      400,
      `${promptTokens.length} + ${rest.maxTokens} tokens exceed the model's ${longest}`,
    );
  }
  // Words are kept no longer than this: each would keep the body that it was cut from.
  const asked = {
    ...rest,
    inputTokens: promptTokens.length,
    prefixBlocks: server.prefixCache ? prefixBlocksOf(promptTokens, PREFIX_BLOCK_TOKENS) : [],
  };
  const ordinal = ++server.requests;
  const fault = faultOf(server.faults, ordinal);
  if (fault === "status") throw new RefusedRequest(500, "This request was told to fail");
  const answer = { asked, chat, fault, id: `cmpl-${ordinal}` };
  return asked.stream ? streamAnswer(server, answer) : await wholeAnswer(server, answer);
}
