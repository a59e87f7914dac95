import assert from "node:assert/strict";
import { NO_FACTORS, SHIPPED_PROFILES } from "../card/mod.ts";
import { BenchError } from "../result/mod.ts";
import { readCalibration, refuseOtherCards } from "./calibration.ts";
import { runBench } from "./run_bench.ts";
import { requestsOf, tinyWorkload } from "./test_support.ts";

const TRACE = {
  name: "tiny.csv",
  sha256: "f".repeat(64),
  dropped: {},
  requests: requestsOf([[0, 100, 4], [0, 90, 5]]),
};
const workload = tinyWorkload();
const H100 = { card: "H100", profiles: SHIPPED_PROFILES(), factors: NO_FACTORS, fittedTo: null };
const FIT = JSON.stringify({
  format: "headwise-fit/1",
  card: "H100",
  workload: "tiny",
  fittedTo: ["vllm.json"],
  factors: { ...NO_FACTORS, products: 2, weightReads: 2 },
  fitted: ["products"],
  leaveOneOutError: null,
});
const refused = (act: () => unknown, expected: RegExp): void =>
  assert.throws(act, (error) => error instanceof BenchError && expected.test(error.message));

Deno.test("runBench() with a profile states card, versions and the validated error", async () => {
  const clock = { kind: "model", reason: null } as const;
  const result = await runBench({ workload, trace: TRACE, clock, calibration: H100 });
  const { calibration } = result.clock;
  assert.equal(calibration?.card, "H100");
  assert.equal(calibration.basis, "measured");
  assert.ok(calibration.error.tpot > 0);
  assert.match(result.restOfLayer.assumptions[0], /profile/);
  const plain = await runBench({ workload, trace: TRACE, clock });
  assert.equal(plain.clock.calibration, undefined);
  const rest = (of: typeof result): number => of.sides[0].runs[0].performance!.restMs;
  assert.notEqual(rest(result), rest(plain));
});

Deno.test("a fit with results left out carries their worst error, one without them the card's class", async () => {
  const clock = { kind: "model", reason: null } as const;
  const errorOf = async (leaveOneOutError: unknown) => {
    const text = JSON.stringify({
      ...JSON.parse(FIT),
      fittedTo: ["a.json", "b.json", "c.json"],
      leaveOneOutError,
    });
    const calibration = readCalibration({ card: null, fit: { text, file: "fit.json" } });
    const result = await runBench({ workload, trace: TRACE, clock, calibration });
    return result.clock.calibration!.error;
  };
  assert.deepEqual(await errorOf({ median: 0.04, worst: 0.09 }), {
    class: "the fit (its 3 results, each left out once)",
    ttft: 0.09,
    tpot: 0.09,
    throughput: 0.09,
  });
  assert.equal((await errorOf(null)).class, "card: H100 (profile)");
});

Deno.test("runBench() uses the factors of a fit", async () => {
  const clock = { kind: "model", reason: null } as const;
  const run = async (factors: typeof NO_FACTORS) => {
    const calibration = { ...H100, factors };
    const result = await runBench({ workload, trace: TRACE, clock, calibration });
    return result.sides[0].runs[0].performance!;
  };
  const [plain, slow] = [
    await run(NO_FACTORS),
    await run({ ...NO_FACTORS, stepOverheadMs: 100 }),
  ];
  assert.ok(slow.restMs > plain.restMs + 100);
  assert.equal(slow.attentionMs, plain.attentionMs);
});

Deno.test("runBench() refuses times of one card beside ceilings or a profile of another", async () => {
  const clock = {
    kind: "gpu",
    adapter: "NVIDIA H200",
    openRunner: () => Promise.reject(new Error("opened")),
  } as const;
  const stated = {
    ...workload,
    ceilings: {
      memoryBytesPerSecond: 3.35e12,
      flopsPerSecond: 989e12,
      note: "Data sheet of one H100",
    },
  };
  await assert.rejects(
    runBench({ workload: stated, trace: TRACE, clock }),
    /Cannot put ceilings of H100 beside attention that is timed on H200/,
  );
  await assert.rejects(
    runBench({ workload, trace: TRACE, clock, calibration: H100 }),
    /Cannot put times of H100 beside attention that is timed on H200/,
  );
  const own = { ...H100, card: "H200" };
  await assert.rejects(runBench({ workload, trace: TRACE, clock, calibration: own }), /opened/);
});

Deno.test("refuseOtherCards() looks at the card of an adapter once it is open", () => {
  const clock = (card: string, isSoftware = false) =>
    ({ kind: "adapter", opened: { card, isSoftware }, cost: () => null }) as never;
  const ceilings = {
    memoryBytesPerSecond: 1,
    flopsPerSecond: 1,
    source: "fixture",
    note: "Data sheet of one H200",
  } as const;
  const bench = { cost: null, ceilings };
  refused(
    () => refuseOtherCards(bench, [clock("NVIDIA H100 80GB HBM3")]),
    /ceilings of H200.*H100/,
  );
  refuseOtherCards(bench, [clock("NVIDIA H200"), clock("NVIDIA H200")]);
  refuseOtherCards(bench, [clock("a CPU", true)]);
  const mixed = [clock("NVIDIA H200"), clock("a CPU", true)];
  refused(() => refuseOtherCards(bench, mixed), /all sides on one card/);
});

Deno.test("readCalibration() takes a shipped card, a file of a profile, and a fit of the card", async () => {
  assert.equal(readCalibration({ card: "A100", fit: null }).card, "A100");
  const url = new URL("../card/profile/cards/h200-sxm.json", import.meta.url);
  const file = { text: await Deno.readTextFile(url), file: "mine.json" };
  assert.equal(readCalibration({ card: file, fit: null }).card, "NVIDIA H200");
  const fit = { text: FIT, file: "fit.json" };
  const fitted = readCalibration({ card: null, fit });
  assert.deepEqual([fitted.card, fitted.fittedTo, fitted.factors.products], [
    "H100",
    "vllm.json",
    2,
  ]);
  refused(() => readCalibration({ card: "H200", fit }), /fit.json.*made on H100/);
  refused(() => readCalibration({ card: null, fit: null }), /--card/);
  refused(
    () => readCalibration({ card: null, fit: { text: "{}", file: "x.json" } }),
    /x.json.*calibrate --from/,
  );
});
