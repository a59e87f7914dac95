/** Tests of attention as data: the problem of a case, and how its answer is judged. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import type { JudgedKernel } from "../guard.ts";
import { PASS, type Verdict } from "../outcome.ts";
import type { AttendOptions } from "../subject.ts";
import {
  type CaseContext,
  type CaseParams,
  defineTest,
  type Needs,
  needsIn,
  type TestDefinition,
} from "../test_definition.ts";
import { requireRefused } from "./driver.ts";
import {
  attendJudged,
  DEFAULT_ATTEND,
  needsOf,
  problemOf,
  type ProblemSpec,
} from "./kernel_case.ts";
import { inFormats } from "./quantised_case.ts";

/**
 * Parameters of a case: those with names of a problem's fields or of an option are these; only of
 * scales a case says something in words.
 */
export type KernelParams = CaseParams & Partial<Omit<ProblemSpec, "scale">> & {
  /** How both sides are stored. */
  readonly format?: string;
  /** How keys and values are stored, joined by `+`. */
  readonly formats?: string;
  readonly walk?: AttendOptions["walk"];
  /** Tokens of a split. */
  readonly split?: number;
};

/** What a test adds to the parameters, for every case or for each. */
export type SpecOf<P> = Partial<ProblemSpec> | ((params: P) => Partial<ProblemSpec>);

interface AttendTest<P extends KernelParams> extends Omit<TestDefinition<P>, "needs" | "run"> {
  /** What a case needs beside what its problem does. */
  readonly needs?: Needs<P>;
  /** Fields of the problem beside the parameters. */
  readonly spec?: SpecOf<P>;
  /** Runs the problem and judges the answer; by the direct oracle unless said. */
  readonly run?: (
    kernel: JudgedKernel,
    problem: AttentionProblem,
    params: P,
    context: CaseContext<P>,
  ) => Promise<Verdict | void>;
}

/**
 * Declares a test of attention over drawn problems. Sinks that are no parameter are left out for a
 * kernel without them, which is judged by the rest.
 */
export function defineAttendTest<P extends KernelParams>(
  { needs = [], spec = {}, run, ...facts }: AttendTest<P>,
): TestDefinition {
  return defineTest<P>({
    ...facts,
    needs: (params) => [
      ...needsOf({ ...specWith(spec, params), sinks: params.sinks ?? 0 }),
      (params.split ?? 0) > 0 && "kernel.splits",
      ...needsIn(needs, params),
    ],
    run: async (context) => {
      const { kernel, params, seed } = context;
      const given = specWith(spec, params);
      const problem = problemOf(
        seed,
        kernel.claims.has("kernel.sinks") ? given : { ...given, sinks: 0 },
      );
      if (run !== undefined) return await run(kernel, problem, params, context) ?? PASS;
      return await attendJudged(kernel, problem, optionsOf(params));
    },
  });
}

/** The problem's fields: parameters, and what a test adds to them. */
export function specWith<P extends KernelParams>(spec: SpecOf<P>, params: P): Partial<ProblemSpec> {
  const { format, formats = format, scale: _, ...fields } = params;
  return {
    ...fields,
    ...(formats !== undefined && inFormats(formats)),
    ...(typeof spec === "function" ? spec(params) : spec),
  };
}

/** How the parameters say that attention is run. */
export function optionsOf({ walk, split }: KernelParams): Partial<AttendOptions> {
  return { ...(walk && { walk }), ...(split && { splitTokens: split }) };
}

/** Requires a problem, with fields of any type, to be refused, and the sound one to be right. */
export async function attendRefused(
  kernel: JudgedKernel,
  faulty: unknown,
  sound: AttentionProblem,
): Promise<Verdict> {
  requireRefused("attend", await kernel.attend(faulty as AttentionProblem, DEFAULT_ATTEND));
  return await attendJudged(kernel, sound);
}
