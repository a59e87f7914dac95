import assert from "node:assert/strict";
import type { LiveError, LivePerformance, LiveResult, LiveSide } from "../../bench/mod.ts";
import { renderLiveResult } from "./endpoint.ts";
import { createPaint } from "../terminal/paint.ts";

const PERFORMANCE: LivePerformance = {
  ttftMs: null,
  serviceTtftMs: null,
  clientQueueMs: null,
  tbtMs: null,
  chunkGapMs: null,
  tpotMs: null,
  endToEndMs: null,
  exactChunkRequests: 0,
  durationMs: 100,
  completed: 8,
  failed: 2,
  requestsPerSecond: 80,
  outputTokensPerSecond: null,
  goodputPerSecond: 70,
  goodShare: 0.7,
  peakInFlight: 4,
  promptTokens: { asked: 100, counted: 125 },
  outputTokens: { asked: 100, counted: null },
};

function side(role: LiveSide["role"], errors: readonly LiveError[]): LiveSide {
  const samples = { ttftMs: [], clientQueueMs: [], tpotMs: [], endToEndMs: [] };
  const run = { pair: 0, order: 0, performance: PERFORMANCE, errors, samples };
  return { role, url: "http://127.0.0.1:1/v1", model: "m", runs: [run] };
}

const RESULT: LiveResult = {
  kind: "headwise/live-result",
  schemaVersion: 1,
  createdAt: "",
  environment: { os: "", arch: "", deno: "", v8: "", adapter: null },
  workload: { name: "tiny", sha256: "" },
  requests: { count: 10, trace: null, sha256: null, dropped: {} },
  settings: {
    api: "chat",
    promptAs: "text",
    maxInFlight: 4,
    timeScale: 1,
    requestTimeoutMs: 1,
    idleTimeoutMs: 1,
    warmupRequests: 0,
    pairs: 1,
    ignoreEos: true,
    seed: 1,
    objectives: null,
  },
  formulas: { ttftMs: "one", tbtMs: "two", promptTokens: "three" },
  sides: [],
  gate: null,
};

Deno.test("renderLiveResult() shows missing figures as missing, and what failed by kind", () => {
  const errors = ["timeout", "timeout", "connect"].map((kind, request) => ({
    request,
    kind: kind as LiveError["kind"],
    message: `Message ${request}`,
  }));
  const style = { paint: createPaint(false), columns: 100 };
  const text = renderLiveResult({ ...RESULT, sides: [side("endpoint", errors)] }, style).join("\n");
  assert.match(text, /TTFT \[ms\], mean +–/);
  assert.match(text, /prompt tokens, counted \/ asked +1\.25/);
  assert.match(text, /output tokens, counted \/ asked +–/);
  assert.match(text, /endpoint failed 3 requests: 2 timeout, 1 connect/);
  assert.match(text, /pair 1, request 2: connect: Message 2/);
  assert.doesNotMatch(text, /gate\/live/);
});
