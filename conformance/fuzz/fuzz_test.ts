import assert from "node:assert/strict";
import { Mismatch } from "../outcome.ts";
import { caseRows } from "../report.ts";
import { runConformance } from "../run.ts";
import { guardAllocator, type JudgedAllocator } from "../guard.ts";
import type { AllocatorSubject } from "../subject.ts";
import { slotMutants } from "../mutants/slot_mutants.ts";
import { HEADWISE_ALLOCATOR_CAPABILITIES } from "../subjects/headwise_allocator.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import { runFuzzCampaign } from "./fuzz_campaign.ts";
import { type FuzzProgram, runFuzzProgram } from "./fuzz_program.ts";
import { fuzzTests, regressionTests } from "./fuzz_tests.ts";
import {
  keepRegression,
  listRegressions,
  parseRegressions,
  printRegressions,
  RegressionError,
} from "./regression.ts";

const CLAIMS = new Set(HEADWISE_ALLOCATOR_CAPABILITIES);
const SOURCE = { layout: "headwise", capture: false, maxCommands: 40, claims: CLAIMS } as const;
const LIMITS = { seed: 3, sequences: 200, timeLimitMs: 10_000 } as const;

function judged(allocator: AllocatorSubject | undefined): JudgedAllocator {
  assert.ok(allocator !== undefined);
  return guardAllocator(allocator, { claims: CLAIMS });
}

function mutant(name: string): JudgedAllocator {
  const found = slotMutants.find((each) => each.name === name)?.create().allocator;
  return judged(found);
}

async function counterexample(allocator: JudgedAllocator): Promise<FuzzProgram> {
  try {
    await runFuzzCampaign({ ...SOURCE, ...LIMITS, allocator });
  } catch (error) {
    assert.ok(error instanceof Mismatch);
    return error.counterexample as FuzzProgram;
  }
  return assert.fail("The mutant survived");
}

Deno.test("runFuzzCampaign() shrinks a failure to commands that fail again, and no more", async () => {
  const allocator = mutant("stale_tail_after_reuse");
  const program = await counterexample(allocator);
  assert.deepEqual(program.commands.map(({ kind }) => kind), ["admit", "abort"]);
  await assert.rejects(runFuzzProgram(program, { allocator, seed: 1 }), Mismatch);
  const good = judged(createOracleSubject().allocator);
  await runFuzzProgram(program, { allocator: good, seed: 1 });
  for (const left of program.commands.keys()) {
    const commands = program.commands.toSpliced(left, 1);
    await runFuzzProgram({ ...program, commands }, { allocator, seed: 1 });
  }
});

Deno.test("runFuzzProgram() sends no command before the last one was answered", async () => {
  const { allocator } = createOracleSubject();
  let open = "";
  const asked = new Set<string>();
  const slow = new Proxy(allocator!, {
    get: (target, name, receiver) => {
      const method = Reflect.get(target, name, receiver);
      if (typeof method !== "function") return method;
      return async (...args: unknown[]) => {
        assert.equal(open, "", `${String(name)} was sent before ${open} was answered`);
        open = String(name);
        asked.add(open);
        await Promise.resolve().then(() => {});
        const reply = await method.apply(target, args);
        open = "";
        return reply;
      };
    },
  });
  await runFuzzCampaign({ ...SOURCE, ...LIMITS, sequences: 60, allocator: judged(slow) });
  for (const name of ["admit", "extend", "recycle", "release", "beginStep", "completeStep"]) {
    assert.ok(asked.has(name), `${name} of ${[...asked]}`);
  }
});

Deno.test("runFuzzCampaign() finds the same failure when the seed is the same", async () => {
  const allocator = mutant("swap_leaves_rows");
  assert.deepEqual(await counterexample(allocator), await counterexample(allocator));
});

Deno.test("runFuzzCampaign() stops in time and tells how many sequences it ran", async () => {
  const allocator = judged(createOracleSubject().allocator);
  const o = { ...SOURCE, ...LIMITS, allocator, sequences: 1_000_000, timeLimitMs: 100 };
  const ran = await runFuzzCampaign(o);
  assert.ok(ran > 0 && ran < 1_000_000, `${ran} sequences`);
});

Deno.test("runFuzzCampaign() passes on what a broken subject throws, without shrinking it", async () => {
  const good = createOracleSubject().allocator!;
  let calls = 0;
  const allocator = judged({
    ...good,
    extend: (): never => {
      calls++;
      throw new Error("gone");
    },
  });
  await assert.rejects(runFuzzCampaign({ ...SOURCE, ...LIMITS, allocator }), /gone/);
  assert.ok(calls < LIMITS.sequences * 2, `${calls} calls`);
});

Deno.test("fuzzTests() gives none of its cases when no sequence is asked for", () => {
  assert.ok(fuzzTests({ sequences: 0, seed: 1 }).every(({ cases }) => cases.length === 0));
});

Deno.test("runConformance() puts the minimal case of a failed sequence into its row", async () => {
  const subject = slotMutants.find(({ name }) => name === "stale_tail_after_reorder")?.create();
  const tests = fuzzTests({ sequences: 600, seed: 3 });
  const { rows } = await runConformance({ subject: subject!, tests });
  const failed = caseRows(rows).find(({ outcome }) => outcome.kind === "fail");
  assert.ok(failed?.outcome.kind === "fail");
  assert.match(failed.outcome.message, /minimal case: .*admit .*; reorder /);
  const found = { showed: failed.query, counterexample: failed.outcome.counterexample };
  const kept = keepRegression([], found);
  assert.equal(kept.length, 1);
  assert.equal(keepRegression(kept, found), kept);
  const again = await runConformance({ subject: subject!, tests: regressionTests(kept) });
  const local = caseRows(again.rows).filter(({ query }) => query.startsWith("regression:local:"));
  assert.deepEqual(local.map(({ outcome }) => outcome.kind), ["fail"]);
});

Deno.test("listRegressions() holds sequences that the good allocator passes, and text keeps them", async () => {
  const allocator = judged(createOracleSubject().allocator);
  for (const { program } of listRegressions()) {
    await runFuzzProgram(program, { allocator, seed: 1 });
  }
  const text = printRegressions(listRegressions());
  assert.deepEqual(parseRegressions(text, "kept.json"), listRegressions());
});

Deno.test("parseRegressions() refuses what is no file of regressions, by name", () => {
  const [first] = listRegressions();
  const bad = ["", "{}", '{"version":2,"regressions":[]}', printRegressions([first!, first!])];
  for (const text of bad) {
    assert.throws(
      () => parseRegressions(text, "kept.json"),
      (error) => error instanceof RegressionError && error.message.includes('"kept.json"'),
      text,
    );
  }
  const found = { showed: "x", counterexample: { commands: [] } };
  assert.throws(() => keepRegression([], found), RegressionError);
});
