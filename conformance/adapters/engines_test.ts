/** The adapters of engines over stand-ins that have the engines' calls: good ones, and seeded bugs. */
import assert from "node:assert/strict";
import { listTestsWith } from "../registry.ts";
import { judge, type Judged } from "../testing_judge.ts";
import { openAdapter } from "./open_adapter.ts";
import { parseSubjectSpec } from "./subject_spec.ts";
import { SCRATCH_PARENT } from "./testing_adapters.ts";

const PROGRAM = "conformance/adapters/python/testing_engines.py";
const hasPython = new Deno.Command("python3", { args: ["--version"] }).outputSync().success;

/** Judges an adapter by fewer sequences: a process away every command costs a millisecond. */
async function judgeEngine(args: string): Promise<Judged> {
  const spec = parseSubjectSpec(`exec:python3 ${PROGRAM} ${args}`);
  assert.ok(spec.kind === "exec");
  const { subject, close } = await openAdapter(spec, { scratchParent: SCRATCH_PARENT });
  try {
    const tests = listTestsWith({ fuzz: { sequences: 24, seed: 1 } })
      .filter(({ id }) => /^(?:allocator:(?!size:)|fuzz:)/.test(id));
    return await judge({ subject, tests });
  } finally {
    await close();
  }
}

for (const engine of ["vllm", "fastdeploy"]) {
  Deno.test({
    name: `the ${engine} adapter is conformant over a stand-in of its engine`,
    ignore: !hasPython,
    fn: async () => {
      const { bad, summary: { passed, skipped } } = await judgeEngine(engine);
      assert.deepEqual(bad.slice(0, 8), []);
      assert.ok(passed > 30 && skipped > 0, `${passed} passed, ${skipped} skipped`);
    },
  });
}

const FAULTS = [
  "vllm drops-early",
  "vllm window-off",
  "vllm leaks-tail",
  "vllm forgets-owners",
  "fastdeploy flat-ids",
  "fastdeploy one-list",
];

for (const fault of FAULTS) {
  Deno.test({
    name: `the suite rejects "${fault}" through the adapter`,
    ignore: !hasPython,
    fn: async () => assert.ok((await judgeEngine(fault)).bad.length > 0),
  });
}
