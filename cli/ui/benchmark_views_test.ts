import assert from "node:assert/strict";
import type { KernelCaseResult, KernelFigures, KernelResult } from "../../bench/mod.ts";
import { viewBenchmark } from "./benchmark_views.ts";
import { textOf } from "./element.ts";

const FIGURES = {
  medianMs: 0.5,
  bytesPerSecond: 2e11,
  flopsPerSecond: 1e12,
  ceilingShare: 0.42,
  bound: "memory",
} as KernelFigures;

function textOfReport(o: { isSoftware: boolean; timerStepMs: number | null }): string {
  const timed = { case: { name: "decode" }, outcome: { kind: "timed", figures: FIGURES } };
  const skipped = { case: { name: "prefill" }, outcome: { kind: "skipped", reason: "too big" } };
  const result = {
    adapter: { isSoftware: o.isSoftware },
    ceilings: { memoryBytesPerSecond: 4e11, flopsPerSecond: 1e13 },
    cases: [timed, skipped] as readonly unknown[] as readonly KernelCaseResult[],
  } as KernelResult;
  const report = { result, timerStepMs: o.timerStepMs, text: "", picture: null };
  return viewBenchmark({ kind: "report", report }).map(textOf).join("\n");
}

Deno.test("viewBenchmark() shows ceilings, figures, and why a case has none", () => {
  const text = textOfReport({ isSoftware: false, timerStepMs: null });
  assert.match(text, /^Read at 400 GB\/s and computed at 10\.0 TFLOP\/s in f32 at best/);
  assert.match(text, /decode 500 µs 200 GB\/s 1\.00 TFLOP\/s 42\.0 % of memory/);
  assert.match(text, /prefill skipped: too big/);
  assert.doesNotMatch(text, /rounds|CPU/);
});

Deno.test("viewBenchmark() says what a software adapter and a coarse timer are worth", () => {
  const coarse = textOfReport({ isSoftware: true, timerStepMs: 0.065536 });
  assert.match(coarse, /not figures of a GPU/);
  assert.match(coarse, /steps of 65\.5 µs; that is coarse for decode\./);
  const fine = textOfReport({ isSoftware: false, timerStepMs: 0.01 });
  assert.match(fine, /every case takes more than 10 of them/);
});

Deno.test("viewBenchmark() says why there is none", () => {
  const [note] = viewBenchmark({ kind: "skipped", reason: "no timer" });
  assert.equal(textOf(note!), "no timer");
  assert.deepEqual(viewBenchmark(null), []);
});
