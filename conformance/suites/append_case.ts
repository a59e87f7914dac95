/** Append problems from a few words, tests of them as data, and their judgement by the oracle. */
import {
  type AppendProblem,
  type Arithmetic,
  compareAppend,
  randomAppend,
  type Rotary,
} from "../../kernel/mod.ts";
import { requireEqual, requireThat } from "../acceptance.ts";
import type { JudgedKernel } from "../guard.ts";
import { Mismatch, type Verdict } from "../outcome.ts";
import type { AppendReply, KernelSubject } from "../subject.ts";
import {
  type CaseContext,
  defineTest,
  type Needs,
  needsIn,
  type TestDefinition,
} from "../test_definition.ts";
import { type KernelParams, type SpecOf, specWith } from "./attend_case.ts";
import { requireOk, requireRefused } from "./driver.ts";
import {
  attendJudged,
  batchOf,
  cacheNeeds,
  CONTROL_PROBLEM,
  type ProblemSpec,
  worstOf,
} from "./kernel_case.ts";
import { STORED_ROTATION, suggestArithmetic } from "./suggest_arithmetic.ts";

const NO_ROTATION: Rotary = { style: "none", theta: 10_000, rotaryDimensions: 64 };

/** Builds an append problem of a spec. */
export function appendOf(
  seed: number,
  changes: Partial<ProblemSpec> = {},
  rotary: Rotary = NO_ROTATION,
): AppendProblem {
  return randomAppend({ ...batchOf({ ...CONTROL_PROBLEM, ...changes }), seed, rotary });
}

/** Runs an append and judges everything that it gave. */
export async function appendJudged(
  kernel: KernelSubject,
  problem: AppendProblem,
): Promise<Verdict> {
  return judgeAppend(problem, requireOk("append", await kernel.append(problem)));
}

/** As {@linkcode appendJudged}, where some writes have no page to go to. */
export async function appendDropping(
  kernel: KernelSubject,
  problem: AppendProblem,
): Promise<Verdict> {
  const reply = requireOk("append", await kernel.append(problem));
  requireThat(reply.droppedWrites > 0, "Expected dropped writes to be counted");
  return judgeAppend(problem, reply);
}

/** Judges everything that an append gave. */
export function judgeAppend(problem: AppendProblem, outcome: AppendReply): Verdict {
  requireEqual("elements of the keys", outcome.keys.length, problem.keys.length);
  requireEqual("elements of the values", outcome.values.length, problem.values.length);
  for (const side of ["quantisedKeys", "quantisedValues"] as const) {
    const before = problem[side];
    const after = outcome[side];
    if (before === undefined) continue;
    requireThat(after !== undefined, `Expected the ${side} after the step`);
    requireEqual(`codes of the ${side}`, after.codes.length, before.codes.length);
    requireEqual(`scales of the ${side}`, after.scales?.length ?? 0, before.scales?.length ?? 0);
  }
  const { ok, message, worstBudgetUsed } = compareAppend({
    problem,
    outcome,
    ...(outcome.arithmetic === undefined ? {} : { arithmetic: outcome.arithmetic }),
  });
  if (!ok) {
    const isRight = (arithmetic: Arithmetic): boolean =>
      compareAppend({ problem, outcome, arithmetic }).ok;
    const hint = suggestArithmetic({ factor: worstBudgetUsed, isRight }, STORED_ROTATION);
    throw new Mismatch(`${message}${hint}`, worstBudgetUsed);
  }
  return { kind: "pass", budgetUsed: worstBudgetUsed };
}

/** Requires a problem to be refused before anything is written, and the sound one to be right. */
export async function appendRefused(
  kernel: KernelSubject,
  faulty: unknown,
  sound: AppendProblem,
): Promise<Verdict> {
  requireRefused("append", await kernel.append(faulty as AppendProblem));
  return await appendJudged(kernel, sound);
}

/** Judges an append, and attention over what it gave. */
export async function readBackJudged(
  kernel: KernelSubject,
  problem: AppendProblem,
  headWindows: readonly number[],
): Promise<Verdict> {
  const reply = requireOk("append", await kernel.append(problem));
  const appended = judgeAppend(problem, reply);
  const { shape, table, queryStarts, cachedLengths } = problem;
  const { query, keys, values, quantisedKeys, quantisedValues } = reply;
  const attended = await attendJudged(kernel, {
    shape,
    table,
    queryStarts,
    cachedLengths,
    query,
    keys,
    values,
    ...(quantisedKeys && { quantisedKeys }),
    ...(quantisedValues && { quantisedValues }),
    headWindows: Int32Array.from(headWindows),
    sinkTokens: 0,
  });
  return worstOf([appended, attended]);
}

interface AppendTest<P extends KernelParams> extends Omit<TestDefinition<P>, "needs" | "run"> {
  /** What a case needs beside what its problem does. */
  readonly needs?: Needs<P>;
  /** Fields of the problem beside the parameters. */
  readonly spec?: SpecOf<P>;
  /** How queries and keys turn; not at all by default. */
  readonly rotary?: Rotary | ((params: P) => Rotary);
  /** Runs the problem and judges everything that it gave; by the oracle unless said. */
  readonly run?: (
    kernel: JudgedKernel,
    problem: AppendProblem,
    params: P,
    context: CaseContext<P>,
  ) => Promise<Verdict>;
}

/** Declares a test of appending over drawn problems. */
export function defineAppendTest<P extends KernelParams>(
  { needs = [], spec = {}, rotary = NO_ROTATION, run = appendJudged, ...facts }: AppendTest<P>,
): TestDefinition {
  return defineTest<P>({
    ...facts,
    needs: (params) => [
      ...cacheNeeds("append", specWith(spec, params)),
      ...needsIn(needs, params),
    ],
    run: (context) => {
      const { kernel, params, seed } = context;
      const turned = typeof rotary === "function" ? rotary(params) : rotary;
      return run(kernel, appendOf(seed, specWith(spec, params), turned), params, context);
    },
  });
}

/** Pairs of elements half a head apart turn, with the base of most models. */
export const NEOX: Rotary = { style: "neox", theta: 10_000, rotaryDimensions: 64 };
