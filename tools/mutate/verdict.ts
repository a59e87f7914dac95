import type { Mutant } from "./sample.ts";
import type { TestRunner } from "./test_run.ts";

/** What became of a mutant, and what noticed it. */
export interface Verdict {
  /** The mutant. */
  readonly mutant: Mutant;
  /** `hung` is noticed too: a test that does not end is not green. */
  readonly kind: "killed" | "hung" | "survived";
  /** The test, `types` or `suites`; how many tests passed where it survived. */
  readonly by: string;
}

/** Runs what may notice a mutant, nearest first, until something does. */
export async function judgeMutant(
  mutant: Mutant,
  o: { readonly runner: TestRunner; readonly tests: readonly string[]; readonly suites: boolean },
): Promise<Verdict> {
  const { runner, tests, suites } = o;
  try {
    runner.write(mutant.path, mutant.text);
    for (const test of tests) {
      const outcome = await runner.test(test);
      if (outcome === "hung") return { mutant, kind: "hung", by: test };
      if (outcome === "failed") return { mutant, kind: "killed", by: test };
    }
    if (await runner.check(mutant.path) === "failed") {
      return { mutant, kind: "killed", by: "types" };
    }
    if (suites && await runner.suites() !== "passed") {
      return { mutant, kind: "killed", by: "suites" };
    }
    return { mutant, kind: "survived", by: `${tests.length} test files` };
  } finally {
    runner.write(mutant.path, mutant.original);
  }
}

/** Tests that fail without any change: what they noticed counts for nothing. */
export async function findRedTests(
  verdicts: readonly Verdict[],
  runner: TestRunner,
): Promise<string[]> {
  const tests = [...new Set(verdicts.map(({ by }) => by).filter((by) => by.endsWith("_test.ts")))];
  if (tests.length === 0 || await runner.test(...tests) === "passed") return [];
  const red: string[] = [];
  for (const test of tests) if (await runner.test(test) !== "passed") red.push(test);
  return red;
}

/** `path:line: kind: - before / + after`, in one line. */
export function describeMutant({ path, line, change, text }: Mutant): string {
  const start = text.lastIndexOf("\n", change.start - 1) + 1;
  const after = text.slice(start, text.indexOf("\n", change.start + change.replacement.length));
  return `${path}:${line}: ${change.kind}: ${after.trim().replaceAll(/\s+/g, " ")}`;
}

/** The figure, by kind of change, and every survivor with its line. */
export function summarize(verdicts: readonly Verdict[]): string {
  const survivors = verdicts.filter(({ kind }) => kind === "survived");
  const hung = verdicts.filter(({ kind }) => kind === "hung").length;
  const share = verdicts.length === 0 ? 0 : 100 * survivors.length / verdicts.length;
  return [
    ...survivors.map(({ mutant }) => `survived: ${describeMutant(mutant)}`),
    `${verdicts.length} changes: ${verdicts.length - survivors.length} noticed (${hung} of them ` +
    `by a test that did not end), ${survivors.length} survived (${share.toFixed(1)} %)`,
  ].join("\n");
}
