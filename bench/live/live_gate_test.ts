import assert from "node:assert/strict";
import { judgeLive } from "./live_gate.ts";
import type { LivePerformance, LiveSide } from "./live_schema.ts";

const PAIRS = 6;

/** Every figure of a server, 1 being that of the baseline. */
interface Figures {
  readonly ttft?: number;
  readonly tbt?: number;
  readonly tpot?: number;
  readonly endToEnd?: number;
  readonly p50?: number;
  readonly p99?: number;
  readonly throughput?: number;
  readonly requestThroughput?: number;
  readonly goodput?: number;
  readonly tokens?: number | null;
  readonly exactChunks?: number;
  readonly chunkGaps?: number;
}

function summaryOf(value: number, o: Figures, count = 100) {
  return {
    count,
    mean: value,
    min: value,
    p50: value * (o.p50 ?? 1),
    p90: value,
    p95: value,
    p99: value * (o.p99 ?? 1),
    p999: null,
    max: value,
  };
}

function sideOf(role: LiveSide["role"], o: Figures): LiveSide {
  const place = role === "endpoint" ? 0 : 1;
  return {
    role,
    url: `http://127.0.0.1:${place}/v1`,
    model: "m",
    runs: Array.from({ length: PAIRS }, (_, pair) => {
      // Noise of a few tenths of a percent, so that intervals have a width.
      const noise = 1 + 0.001 * ((pair * 7 + place * 3) % 13);
      const [ttft, tbt] = [(o.ttft ?? 1) * noise, (o.tbt ?? 1) * noise];
      const performance: LivePerformance = {
        ttftMs: summaryOf(ttft * 100, o),
        serviceTtftMs: null,
        clientQueueMs: null,
        tbtMs: summaryOf(tbt * 10, o),
        chunkGapMs: summaryOf(10, o, o.chunkGaps ?? 900),
        tpotMs: summaryOf((o.tpot ?? o.tbt ?? 1) * noise * 10, o),
        endToEndMs: summaryOf((o.endToEnd ?? o.tbt ?? 1) * noise * 1000, o),
        exactChunkRequests: o.exactChunks ?? 100,
        durationMs: 1000 * noise,
        completed: 100,
        failed: 0,
        requestsPerSecond: 100 * (o.requestThroughput ?? 1) * noise,
        outputTokensPerSecond: 1000 * (o.throughput ?? 1) * noise,
        goodputPerSecond: 90 * (o.goodput ?? 1) * noise,
        goodShare: 0.9,
        peakInFlight: 4,
        promptTokens: { asked: 1000, counted: 1000 },
        outputTokens: {
          asked: 1000,
          counted: o.tokens === null ? null : Math.round(1000 * (o.tokens ?? 1)),
        },
      };
      const samples = { ttftMs: [ttft], clientQueueMs: [0], tpotMs: [tbt], endToEndMs: [1] };
      const order = 2 * pair + (pair % 2 === 0 ? place : 1 - place);
      return { pair, order, performance, errors: [], samples };
    }),
  };
}

const FASTER: Figures = { ttft: 0.8, tbt: 0.8 };

function judge(endpoint: Figures, against: Figures = {}) {
  return judgeLive({ endpoint: sideOf("endpoint", endpoint), against: sideOf("against", against) });
}

Deno.test("judgeLive() passes what is better in all that must improve and no worse elsewhere", () => {
  const report = judge(FASTER);
  assert.equal(report.verdict, "PASS", report.reasons.join("; "));
  assert.equal(judge({}).verdict, "FAIL");
});

Deno.test("judgeLive() does not pass what is worse in one metric, whichever it is", () => {
  const worse: readonly Figures[] = [
    { ttft: 0.97 },
    { tbt: 0.97 },
    { tpot: 0.97 },
    { endToEnd: 1.1 },
    { p50: 1.4 },
    { p99: 1.4 },
    { throughput: 0.9 },
    { requestThroughput: 0.9 },
    { goodput: 0.9 },
  ];
  for (const figures of worse) {
    assert.equal(judge({ ...FASTER, ...figures }).verdict, "FAIL", JSON.stringify(figures));
  }
});

Deno.test("judgeLive() keeps a noisy quantile by its ratio, and does not pass one that is worse", () => {
  const endpoint = sideOf("endpoint", FASTER);
  const noisy = (factors: readonly number[]): LiveSide => ({
    ...endpoint,
    runs: endpoint.runs.map((run, pair) => {
      const tbtMs = { ...run.performance.tbtMs!, p99: 10 * factors[pair % factors.length] };
      return { ...run, performance: { ...run.performance, tbtMs } };
    }),
  });
  const judgeNoisy = (factors: readonly number[]) =>
    judgeLive({ endpoint: noisy(factors), against: sideOf("against", {}) }).verdict;
  assert.equal(judgeNoisy([0.3, 2.5]), "PASS");
  assert.equal(judgeNoisy([0.6, 2.5]), "INCONCLUSIVE");
});

Deno.test("judgeLive() does not pass answers of other lengths, or of lengths that none counted", () => {
  const table: readonly (readonly [Figures, Figures, string])[] = [
    [{ tokens: 0.96 }, {}, "PASS"],
    [{ tokens: 0.94 }, {}, "INCONCLUSIVE"],
    [{}, { tokens: 0.94 }, "INCONCLUSIVE"],
    [{ tokens: 0.5 }, {}, "INCONCLUSIVE"],
    [{ tokens: null }, {}, "INCONCLUSIVE"],
    [{}, { tokens: null }, "INCONCLUSIVE"],
  ];
  for (const [endpoint, against, verdict] of table) {
    const report = judge({ ...FASTER, ...endpoint }, against);
    assert.equal(report.verdict, verdict, JSON.stringify([endpoint, against]));
  }
  assert.match(judge({ ...FASTER, tokens: 0.5 }).reasons[0], /5\.0 tokens at endpoint and 10\.0/);
});

Deno.test("judgeLive() does not pass tokens that are spread over chunks as no one counted them", () => {
  const table: readonly (readonly [Figures, string])[] = [
    // 100 requests of 10 tokens: 900 gaps are one token each, 600 hold more.
    [{ exactChunks: 100, chunkGaps: 600 }, "PASS"],
    [{ exactChunks: 0, chunkGaps: 900 }, "PASS"],
    [{ exactChunks: 0, chunkGaps: 890 }, "PASS"],
    [{ exactChunks: 0, chunkGaps: 600 }, "INCONCLUSIVE"],
    [{ exactChunks: 99, chunkGaps: 600 }, "INCONCLUSIVE"],
    [{ exactChunks: 0, chunkGaps: 0 }, "INCONCLUSIVE"],
  ];
  for (const [figures, verdict] of table) {
    for (const [endpoint, against] of [[figures, {}], [{}, figures]] as const) {
      const report = judge({ ...FASTER, ...endpoint }, against);
      assert.equal(report.verdict, verdict, JSON.stringify([endpoint, against]));
      if (verdict === "PASS") continue;
      const role = endpoint === figures ? "endpoint" : "against";
      assert.match(report.reasons[0], new RegExp(`server ${role} has several tokens in a chunk`));
    }
  }
});

Deno.test("judgeLive() passes no three pairs, and fails by fewer", () => {
  const first = (side: LiveSide, pairs: number) => ({ ...side, runs: side.runs.slice(0, pairs) });
  const verdictOf = (figures: Figures, pairs: number) =>
    judgeLive({
      endpoint: first(sideOf("endpoint", figures), pairs),
      against: first(sideOf("against", {}), pairs),
    });
  assert.equal(verdictOf(FASTER, 4).verdict, "PASS");
  const few = verdictOf(FASTER, 3);
  assert.equal(few.verdict, "INCONCLUSIVE");
  assert.match(few.reasons[0], /3 pairs of a clock that measures; a PASS needs at least 4/);
  assert.equal(verdictOf({ ttft: 1.2, tbt: 1.2 }, 3).verdict, "FAIL");
});

Deno.test("judgeLive() does not pass a metric that one server alone has", () => {
  const endpoint = sideOf("endpoint", FASTER);
  const against = sideOf("against", {});
  const without = (key: "goodputPerSecond" | "tpotMs", side: LiveSide): LiveSide => ({
    ...side,
    runs: side.runs.map((run) => ({ ...run, performance: { ...run.performance, [key]: null } })),
  });
  for (const key of ["goodputPerSecond", "tpotMs"] as const) {
    const one = judgeLive({ endpoint: without(key, endpoint), against });
    assert.equal(one.verdict, "INCONCLUSIVE", key);
  }
  const both = {
    endpoint: without("goodputPerSecond", endpoint),
    against: without("goodputPerSecond", against),
  };
  assert.equal(judgeLive(both).verdict, "PASS");
});

Deno.test("judgeLive() compares a metric that some run alone holds, and passes nothing by it", () => {
  const [endpoint, against] = [sideOf("endpoint", FASTER), sideOf("against", {})];
  const some = (side: LiveSide): LiveSide => ({
    ...side,
    runs: side.runs.map((run, pair) => ({
      ...run,
      performance: { ...run.performance, goodputPerSecond: pair === 0 ? 1 : null },
    })),
  });
  const { verdict, comparisons } = judgeLive({ endpoint: some(endpoint), against: some(against) });
  assert.equal(verdict, "INCONCLUSIVE");
  assert.ok(comparisons.some(({ metric }) => /goodput/i.test(metric)));
});

Deno.test("judgeLive() fails on a failed request of either server, and names its kind", () => {
  for (const role of ["endpoint", "against"] as const) {
    const sides = { endpoint: sideOf("endpoint", FASTER), against: sideOf("against", {}) };
    const [first, ...rest] = sides[role].runs;
    const run = {
      ...first,
      performance: { ...first.performance, failed: 1 },
      errors: [{ request: 3, kind: "finish-reason" as const, message: "abort" }],
    };
    const report = judgeLive({ ...sides, [role]: { ...sides[role], runs: [run, ...rest] } });
    assert.equal(report.verdict, "FAIL");
    assert.match(report.reasons[0], /failed 1 requests \(1 finish-reason\).*request 3/);
  }
});

Deno.test("judgeLive() counts failed requests over all runs, also those that it holds no error of", () => {
  const endpoint = sideOf("endpoint", FASTER);
  const runs = endpoint.runs.map((run, index) => ({
    ...run,
    performance: { ...run.performance, failed: index < 2 ? 2 : 0 },
  }));
  const report = judgeLive({ endpoint: { ...endpoint, runs }, against: sideOf("against", {}) });
  assert.equal(report.verdict, "FAIL");
  assert.match(report.reasons[0], /^The server endpoint '.*' failed 4 requests$/);
});

Deno.test("judgeLive() does not pass runs that were not interleaved, or that count twice", () => {
  const endpoint = sideOf("endpoint", FASTER);
  const against = sideOf("against", {});
  const later = against.runs.map((run, index) => ({ ...run, order: 100 + index }));
  const apart = judgeLive({ endpoint, against: { ...against, runs: later } });
  assert.equal(apart.verdict, "INCONCLUSIVE");
  assert.match(apart.reasons[0], /not interleaved/);
  const [first, second, ...rest] = endpoint.runs;
  const { performance, samples } = first;
  const twice = [first, { ...second, performance, samples }, ...rest];
  const repeated = judgeLive({ endpoint: { ...endpoint, runs: twice }, against });
  assert.equal(repeated.verdict, "INCONCLUSIVE");
  assert.match(repeated.reasons[0], /runs 0 and 3 hold the same/);
});
