import type { Mutant } from "./sample.ts";
import type { Outcome, TestRunner } from "./test_run.ts";

/** What became of a mutant, and what noticed it. */
export interface Verdict {
  /**
   * `hung` is noticed too: a test that does not end is not green. `undecided`: only checks noticed it
   * that fail without any change.
   */
  readonly kind: "killed" | "hung" | "survived" | "undecided";
  /** The test, `types` or `suites` that noticed it; `""` where none did. */
  readonly by: string;
  /** How many checks passed with the change in place. */
  readonly passed: number;
  /** Checks that failed, and fail without any change. */
  readonly unsound: readonly string[];
}

/** One thing that may notice a change. */
export interface Check {
  /** The test's path, `types` or `suites`. */
  readonly name: string;
  /** Tells this check of this file from all others: its baseline is run once. */
  readonly key: string;
  /** Runs it on what the copy holds now. */
  readonly run: (runner: TestRunner) => Promise<Outcome>;
}

/** Whether a check passes without any change, in a copy that holds none. */
export type Baseline = (check: Check, runner: TestRunner) => Promise<boolean>;

/** What may notice a change of a file, in the order in which it is tried. */
export function listChecks(
  path: string,
  o: { readonly tests: readonly string[]; readonly suites: boolean },
): Check[] {
  return [
    ...o.tests.map((test): Check => ({
      name: test,
      key: test,
      run: (runner) => runner.test(test),
    })),
    { name: "types", key: `types of ${path}`, run: (runner) => runner.check(path) },
    ...(o.suites
      ? [{ name: "suites", key: "suites", run: (runner: TestRunner) => runner.suites() }]
      : []),
  ];
}

/** Runs each check's baseline once, whoever asks first. */
export function createBaseline(): Baseline {
  const asked = new Map<string, Promise<boolean>>();
  return (check, runner) => {
    const known = asked.get(check.key);
    if (known !== undefined) return known;
    const answer = check.run(runner).then((outcome) => outcome === "passed");
    asked.set(check.key, answer);
    return answer;
  };
}

/**
 * Runs the checks until a sound one notices the mutant. What failed is run again without the change
 * before it counts. The verdict does not depend on what else is judged.
 */
export async function judgeMutant(
  mutant: Mutant,
  o: {
    readonly runner: TestRunner;
    readonly checks: readonly Check[];
    readonly baseline: Baseline;
  },
): Promise<Verdict> {
  const { runner, baseline } = o;
  const unsound: string[] = [];
  let passed = 0;
  try {
    for (const check of o.checks) {
      runner.write(mutant.path, mutant.text);
      const outcome = await check.run(runner);
      if (outcome === "passed") {
        passed++;
        continue;
      }
      runner.write(mutant.path, mutant.original);
      if (await baseline(check, runner)) {
        return { kind: outcome === "hung" ? "hung" : "killed", by: check.name, passed, unsound };
      }
      unsound.push(check.name);
    }
    return { kind: unsound.length > 0 ? "undecided" : "survived", by: "", passed, unsound };
  } finally {
    runner.write(mutant.path, mutant.original);
  }
}
