import assert from "node:assert/strict";
import type { BenchResult } from "../result/mod.ts";
import { tinyResult } from "../run/test_support.ts";
import { namedDifferences, refuseDifferent } from "./comparable.ts";

const BASE = await tinyResult();
/** A result of which settings were not recorded, on a card whose ceilings are a data sheet's. */
const OLD: BenchResult = withPath(
  withPath(BASE, "workload.settings", undefined),
  "clock.ceilings.source",
  "data sheet",
);

/** A profile behind the modelled rest. */
const CALIBRATION = {
  ...{ card: "H100", basis: "measured", profileOf: "NVIDIA H100", measuredAt: "2026-11-28" },
  ...{ software: {}, factors: { products: 1 }, fittedTo: null },
  error: { class: "card: H100", ttft: 0.1, tpot: 0.1, throughput: 0.1 },
};
const TABLE = { name: "a.csv", sha256: "", rows: 1, card: null, leaveOutErrorPercent: null };

/** The result with another value at a path. */
function withPath(result: BenchResult, path: string, value: unknown): BenchResult {
  const copy = structuredClone(result);
  const names = path.split(".");
  let at = copy as unknown as Record<string, unknown>;
  for (const name of names.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[names.at(-1)!] = value;
  return copy;
}

/** What a gate says that differs; `""` where it compares. */
function differences(left: BenchResult, right: BenchResult): string {
  try {
    refuseDifferent(left, right);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

Deno.test("refuseDifferent() compares a result with itself", () => {
  for (const result of [BASE, OLD]) assert.equal(differences(result, structuredClone(result)), "");
});

Deno.test("refuseDifferent() names each fact that differs, with both values", () => {
  const facts: readonly (readonly [path: string, value: unknown, name: string])[] = [
    ["workload.name", "other", "workload"],
    ["workload.model", "other", "model"],
    ["workload.modelSha256", "7".repeat(64), "text of the model"],
    ["workload.tensorParallel", 8, "ranks"],
    ["requests.trace", "other.jsonl", "trace"],
    ["requests.sha256", "7".repeat(64), "bytes of the trace"],
    ["requests.count", 12_345, "number of requests"],
    ["options.pageOrder", "other", "page order"],
    ["options.prefixCache", "other", "prefix cache"],
    ["options.availability", "other", "reading of availability"],
    ["options.seed", 99, "seed"],
    ["clock.kind", "other", "clock"],
    ["environment.adapter", "another card", "card"],
    ["clock.ceilings.source", "other", "source of the ceilings"],
    ["options.fleet", { replicas: 2, router: "round-robin" }, "replicas"],
    ["options.fleet", { replicas: 1, router: "least-loaded" }, "router"],
    ["clock.table", { ...TABLE, card: "NVIDIA H200" }, "card of the file of times"],
    ["clock.calibration", CALIBRATION, "profile of the card"],
    ["clock.calibration", CALIBRATION, "card that the profile stands for"],
    ["clock.calibration", CALIBRATION, "date of the profile"],
    ["clock.calibration", CALIBRATION, "fitted factors"],
  ];
  for (const [path, value, name] of facts) {
    for (const result of [BASE, OLD]) {
      const other = withPath(result, path, value);
      const message = differences(result, other);
      assert.ok(message.includes(`${name} is '`), `${path}: ${message}`);
      assert.ok(differences(other, result).includes(`${name} is '`), path);
    }
  }
});

Deno.test("refuseDifferent() compares every request where both files list them", () => {
  const list = BASE.requestList!;
  for (const key of ["arrivalMs", "inputTokens", "outputTokens"] as const) {
    const other = withPath(BASE, `requestList.${key}`, [...list[key]].reverse());
    assert.ok(differences(BASE, other).includes("list of requests is '"), key);
  }
  assert.equal(differences(BASE, withPath(BASE, "requestList", null)), "");
});

Deno.test("refuseDifferent() compares two profiles of one card, and two fits to it", () => {
  const fitted = withPath(BASE, "clock.calibration", CALIBRATION);
  for (const [path, value] of [["measuredAt", "2027"], ["factors", { products: 1.1 }]] as const) {
    const other = withPath(fitted, `clock.calibration.${path}`, value);
    assert.match(differences(fitted, other), /date of the profile is|fitted factors is/, path);
  }
});

Deno.test("namedDifferences() names other kernels and files of times, which are what is compared", () => {
  const adapter = {
    ...{ command: "exec:a", kernels: { headwise: "one" }, card: "a", driver: null, versions: {} },
    ...{ isCaptured: false, arithmetic: {} },
  };
  const named = (left: BenchResult, right: BenchResult) => namedDifferences(left, right).join();
  const own = withPath(BASE, "clock.adapter", adapter);
  const other = withPath(own, "clock.adapter.kernels", { headwise: "two" });
  assert.match(named(own, other), /kernels: '.*one.*' against '.*two.*'/);
  const timed = withPath(BASE, "clock.table", TABLE);
  const again = withPath(timed, "clock.table.sha256", "7".repeat(64));
  assert.match(named(timed, again), /file of times: 'a\.csv \(.*' against 'a\.csv \(SHA-256 777/);
  assert.equal(differences(timed, again), "");
});

Deno.test("refuseDifferent() compares texts of workloads where settings were not recorded", () => {
  for (
    const [path, value, name] of [
      ["workload.headMapName", "other", "head map"],
      ["workload.pagesPerHead", 7, "pages of a head"],
      ["workload.sha256", "7".repeat(64), "text of the workload"],
    ] as const
  ) {
    assert.ok(differences(OLD, withPath(OLD, path, value)).includes(`${name} is '`), path);
    assert.equal(differences(BASE, withPath(BASE, path, value)), "", path);
  }
});

Deno.test("refuseDifferent() compares ceilings, except measured ones, which are never the same", () => {
  for (
    const [path, name] of [
      ["clock.ceilings.memoryBytesPerSecond", "memory ceiling"],
      ["clock.ceilings.flopsPerSecond", "operations ceiling"],
    ] as const
  ) {
    assert.ok(differences(OLD, withPath(OLD, path, 12_345)).includes(`${name} is '`), path);
    const measured = withPath(OLD, "clock.ceilings.source", "measured");
    assert.equal(differences(measured, withPath(measured, path, 12_345)), "", path);
  }
});
