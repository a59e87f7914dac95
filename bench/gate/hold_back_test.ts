import assert from "node:assert/strict";
import type { BenchResult } from "../result/mod.ts";
import { tinyResult, withValues } from "../run/test_support.ts";
import { gateRead } from "./read.ts";

const uniform = { ttftMs: [100, 102, 98, 101], tbtMs: [10, 10.1, 9.9, 10] };
const headwise = { ttftMs: [80, 82, 79, 81], tbtMs: [8, 8.1, 7.9, 8] };
const PASSING = withValues(await tinyResult(), { uniform, headwise });

function on(card: string | null, clock: Partial<BenchResult["clock"]>): BenchResult {
  return {
    ...PASSING,
    environment: { ...PASSING.environment, adapter: card },
    clock: { ...PASSING.clock, ...clock },
  };
}

const ceilings = (note: string) => ({
  ceilings: {
    memoryBytesPerSecond: 4.8e12,
    flopsPerSecond: 989e12,
    source: "fixture",
    note,
  } as const,
});

const TABLE = {
  name: "times.csv",
  sha256: "",
  rows: 90,
  card: "NVIDIA H200",
  leaveOutErrorPercent: { median: 1, p90: 2 },
  rowsLeftOut: 40,
  furthestFactor: 1,
};

const profile = (card: string) => ({
  calibration: {
    card,
    basis: "measured",
    profileOf: card,
    measuredAt: "2026-11-28",
    software: {},
    factors: {},
    fittedTo: null,
    error: { class: `card: ${card}`, ttft: 0, tpot: 0, throughput: 0 },
  } as const,
});

Deno.test("a verdict stands where card and profile are one card's", () => {
  for (const [card, of] of [["NVIDIA H200", "H200"], ["Frobnicator 9000", "Frobnicator 9000"]]) {
    assert.equal(gateRead(on(card!, profile(of!))).verdict, "PASS");
  }
});

Deno.test("a verdict stands where card and ceilings are one card's", () => {
  assert.equal(gateRead(PASSING).verdict, "PASS");
  const { verdict } = gateRead(on("NVIDIA H200", ceilings("Data sheet of one H200 SXM")));
  assert.equal(verdict, "PASS");
});

const HELD: readonly [string, BenchResult, RegExp][] = [
  [
    "ceilings of another card",
    on("NVIDIA H100 80GB HBM3", ceilings("Data sheet of one H200 SXM")),
    /timed on H100, and the rest of a step computed from ceilings of H200/,
  ],
  [
    "a card that no data sheet knows beside ceilings of one that they do",
    on("Frobnicator 9000", ceilings("Data sheet of one H200 SXM")),
    /timed on Frobnicator 9000, and the rest of a step computed from ceilings of H200/,
  ],
  [
    "a card beside ceilings of no machine",
    on("NVIDIA H200", ceilings("Round figures of no machine")),
    /ceilings of no known card \(Round figures of no machine\)/,
  ],
  [
    "a card that no data sheet knows beside the profile of one that they do",
    on("Frobnicator 9000", profile("H100")),
    /timed on Frobnicator 9000, and the rest of a step computed from the profile of H100/,
  ],
  [
    "a file of times of an unknown card beside a profile",
    on(null, {
      kind: "table",
      deterministic: true,
      table: { ...TABLE, card: "F" },
      ...profile("H100"),
    }),
    /timed on F, and the rest of a step computed from the profile of H100/,
  ],
  ["times of no card", on(null, {}), /no card is named that the times are of/],
  [
    "a file of times of no card",
    on(null, { kind: "table", deterministic: true, table: { ...TABLE, card: null } }),
    /the file of times names no card; begin it with '# card: NAME'/,
  ],
  [
    "a file of times whose interpolation cannot be checked",
    on(null, {
      kind: "table",
      deterministic: true,
      table: { ...TABLE, leaveOutErrorPercent: null },
    }),
    /how well the file of times interpolates is not known/,
  ],
  [
    "a gain within the error of a file of times",
    on(null, {
      kind: "table",
      deterministic: true,
      table: { ...TABLE, leaveOutErrorPercent: { median: 9, p90: 5000 } },
    }),
    /PASS with the times as they are interpolated, and not where one side's are off by 5000.0 %/,
  ],
  ["a device that runs on the CPU", on("llvmpipe", { software: true }), /gives no verdict/],
];

for (const [name, result, reason] of HELD) {
  Deno.test(`${name} gives no verdict, and says why`, () => {
    const report = gateRead(result);
    assert.equal(report.verdict, "INCONCLUSIVE");
    assert.ok(report.reasons.some((each) => reason.test(each)), report.reasons.join("\n"));
  });
}

Deno.test("a file of times passes where the gain is beyond its error", () => {
  const clock = { kind: "table", deterministic: true, table: TABLE } as const;
  assert.equal(gateRead(on(null, clock)).verdict, "PASS");
});

Deno.test("measured runs that repeat each other to the last bit give no verdict", () => {
  const sides = PASSING.sides.map((side) => ({
    ...side,
    runs: side.runs.map((run) => ({ ...run, performance: side.runs[0].performance })),
  }));
  const report = gateRead({ ...PASSING, sides });
  assert.equal(report.verdict, "INCONCLUSIVE");
  assert.match(report.reasons.join("\n"), /pairs 1 and 2 have the same times to the last bit/);
});

Deno.test("a run that is twice in a file is found behind one that has no figures", () => {
  const [first, second] = PASSING.sides;
  const [run] = first.runs;
  const repeated = (runs: typeof first.runs) =>
    gateRead(
      { ...PASSING, sides: [{ ...first, runs }, second, ...PASSING.sides.slice(2)] } as BenchResult,
    );
  const empty = { ...run, pair: 0, performance: null };
  const twice = [{ ...run, pair: 1 }, { ...run, pair: 2 }];
  for (const runs of [twice, [empty, ...twice], [twice[0], empty, twice[1]]]) {
    const report = repeated(runs as typeof first.runs);
    assert.match(report.reasons.join("\n"), /pairs 2 and 3 have the same times to the last bit/);
  }
});
