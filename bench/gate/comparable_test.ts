import assert from "node:assert/strict";
import type { BenchResult } from "../result/mod.ts";
import { tinyResult } from "../run/test_support.ts";
import { refuseDifferent } from "./comparable.ts";

const BASE = await tinyResult();
/** A result of which settings were not recorded, on a card whose ceilings are a data sheet's. */
const OLD: BenchResult = withPath(
  withPath(BASE, "workload.settings", undefined),
  "clock.ceilings.source",
  "data sheet",
);

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
