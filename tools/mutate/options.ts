import { parseArgs } from "node:util";

/** What `deno task mutate` is asked to do. */
export interface Options {
  /** Changes in the sample. */
  readonly count: number;
  /** Seed of the sample. */
  readonly seed: number;
  /** Test files tried for each change, nearest first. */
  readonly tests: number;
  /** Changes judged at a time. */
  readonly jobs: number;
  /** Whether the conformance suite is run on what is left. */
  readonly suites: boolean;
  /** Whether `out` is continued. */
  readonly resume: boolean;
  /** File whose survivors are judged again, in place of a new sample. */
  readonly again: string | null;
  /** File of judgements. */
  readonly out: string;
}

/**
 * Reads the options.
 *
 * @throws {Error} When one is unknown or no whole number from 1.
 */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      count: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      tests: { type: "string", default: "6" },
      jobs: { type: "string", default: "1" },
      suites: { type: "boolean", default: false },
      resume: { type: "boolean", default: false },
      again: { type: "string" },
      out: { type: "string" },
    },
  });
  const whole = (name: "count" | "seed" | "tests" | "jobs"): number => {
    const value = Number(values[name]);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw new RangeError(`Cannot read --${name} "${values[name]}": give a whole number from 1`);
  };
  const seed = whole("seed");
  return {
    count: whole("count"),
    seed,
    tests: whole("tests"),
    jobs: whole("jobs"),
    suites: values.suites,
    resume: values.resume,
    again: values.again ?? null,
    out: values.out ?? `results/mutants-${seed}${values.again === undefined ? "" : "-again"}.jsonl`,
  };
}
