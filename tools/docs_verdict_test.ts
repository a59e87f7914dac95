import assert from "node:assert/strict";
import { runBench } from "../bench/run/mod.ts";
import { ifThere, loadWorkload, requireLoaded } from "../fixtures/mod.ts";
import { readResult } from "../bench/mod.ts";
import { fillSections } from "./docs_page.ts";
import {
  LOADS,
  renderVerdict,
  resultName,
  type VerdictRun,
  verdictSections,
} from "./docs_verdict.ts";

Deno.test("renderVerdict() shows pairs that were compared, and leaves out those that were not", async () => {
  const workload = requireLoaded(await loadWorkload("smoke"));
  const result = await runBench({ workload, clock: { kind: "model", reason: null } });
  const page = renderVerdict([{ clock: "model", load: "saturated", result }], {
    isRehearsal: false,
  });
  assert.match(page, /^## model, saturated$/m);
  assert.match(page, /^- gate\/read: \*\*PASS\*\* over 1 pairs$/m);
  assert.match(page, /^\| `headwise` against `row` +\| +[\d.]+ \| +−[\d.]+ % \|/m);
  assert.doesNotMatch(page, /two-pass/);
  assert.doesNotMatch(page, /protocol took/);
});

Deno.test("renderVerdict() sets what timers claim beside the time that passed", async () => {
  const workload = requireLoaded(await loadWorkload("smoke"));
  const result = await runBench({ workload, clock: { kind: "model", reason: null } });
  const none = { batches: 1, steps: 64, samples: 1, wallMs: 100, protocolMs: 1 };
  const sides = {
    uniform: { stepMs: 40, sentMs: 50 },
    headwise: { stepMs: 30, sentMs: 49 },
  };
  const page = renderVerdict([
    { clock: "x", load: "saturated", result: { ...result, clockCost: { ...none, sides } } },
  ], { isRehearsal: false });
  assert.match(page.replaceAll(/\s+/g, " "), /: −25\.0 % by the device's own timers, −2\.0 % by/);
});

Deno.test("docs/results/verdict.md is what its results say", async () => {
  const runs: VerdictRun[] = [];
  for (const clock of ["triton", "wgsl"]) {
    for (const load of LOADS) {
      const path = `docs/results/${resultName(clock, load)}`;
      if (await ifThere(() => Deno.lstat(path)) === null) continue;
      runs.push({ clock, load, result: await readResult(path) });
    }
  }
  assert.ok(runs.length >= 2);
  const page = await Deno.readTextFile("docs/results/verdict.md");
  assert.equal(page, renderVerdict(runs, { isRehearsal: false }));
  const judged = await Deno.readTextFile("docs/verdict.md");
  assert.equal(judged, fillSections(judged, verdictSections(runs)));
  assert.throws(() => fillSections("# A page", verdictSections(runs)), { name: "RangeError" });
  const twice = [runs[0], { ...runs[0], load: "half load" as const }];
  assert.throws(
    () => renderVerdict(twice, { isRehearsal: false }),
    /'triton, saturated' and 'triton, half load' hold the same measured run/,
  );
});
