/** The adapters of engines over stand-ins that have the engines' calls: good ones, and seeded bugs. */
import assert from "node:assert/strict";
import { caseRows } from "../report.ts";
import { listTestsWith } from "../registry.ts";
import { runConformance } from "../run.ts";
import { openAdapter } from "./open_adapter.ts";
import { parseSubjectSpec } from "./subject_spec.ts";
import { SCRATCH_PARENT } from "./testing_adapters.ts";

const PROGRAM = "conformance/adapters/python/testing_engines.py";
const hasPython = new Deno.Command("python3", { args: ["--version"] }).outputSync().success;

/** What fails, and how many cases pass; a process away every command costs a millisecond. */
async function judge(args: string): Promise<{ bad: string[]; passed: number; skipped: number }> {
  const spec = parseSubjectSpec(`exec:python3 ${PROGRAM} ${args}`);
  assert.ok(spec.kind === "exec");
  const { subject, close } = await openAdapter(spec, { scratchParent: SCRATCH_PARENT });
  try {
    const tests = listTestsWith({ fuzz: { sequences: 24, seed: 1 } })
      .filter(({ id }) => /^(?:allocator:(?!size:)|fuzz:)/.test(id));
    const { rows, summary } = await runConformance({ subject, tests });
    const bad = caseRows(rows).flatMap(({ query, outcome }) =>
      outcome.kind === "pass" || outcome.kind === "skip"
        ? []
        : [`${query}: ${JSON.stringify(outcome)}`]
    );
    return { bad, passed: summary.passed, skipped: summary.skipped };
  } finally {
    await close();
  }
}

for (const engine of ["vllm", "fastdeploy"]) {
  Deno.test({
    name: `the ${engine} adapter is conformant over a stand-in of its engine`,
    ignore: !hasPython,
    fn: async () => {
      const { bad, passed, skipped } = await judge(engine);
      assert.deepEqual(bad.slice(0, 8), []);
      assert.ok(passed > 30 && skipped > 0, `${passed} passed, ${skipped} skipped`);
    },
  });
}

for (
  const fault of ["vllm drops-early", "vllm window-off", "vllm leaks-tail", "vllm forgets-owners"]
) {
  Deno.test({
    name: `the suite rejects "${fault}" through the adapter`,
    ignore: !hasPython,
    fn: async () => assert.ok((await judge(fault)).bad.length > 0),
  });
}

for (const fault of ["fastdeploy flat-ids", "fastdeploy one-list"]) {
  Deno.test({
    name: `the suite rejects "${fault}" through the adapter`,
    ignore: !hasPython,
    fn: async () => assert.ok((await judge(fault)).bad.length > 0),
  });
}
