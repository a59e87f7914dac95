/**
 * Makes small seeded changes to copies of the product's files, and lists those that no test notices.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { createRandom } from "../../allocator/mod.ts";
import { readSourceTree, type SourceFile } from "../../.ci/source_tree.ts";
import { print } from "../print.ts";
import { findAgain } from "./again.ts";
import { judgeAll } from "./judge_all.ts";
import {
  describeChange,
  type Judgement,
  openJudgements,
  parseJudgements,
} from "./judgement_file.ts";
import { nearestTests } from "./nearest_tests.ts";
import { type Options, readOptions } from "./options.ts";
import { drawMutants, type Mutant } from "./sample.ts";
import { describeJudgement, summarize } from "./summary.ts";
import { copyTree, createTestRunner } from "./test_run.ts";
import { listChecks } from "./verdict.ts";

async function main(): Promise<void> {
  const options = readOptions(Deno.args);
  const files = readSourceTree(".");
  const mutants = chooseMutants(files, options);
  const { seed, count, tests, suites, again } = options;
  const plan = { seed, count, tests, suites, again, checkout: hashOf(files) };
  Deno.mkdirSync("results", { recursive: true });
  const file = await openJudgements(options.out, { plan, resume: options.resume });
  const judgements: Judgement[] = [...file.earlier.values()];
  const testsOf = nearestTests(files);
  // Each job changes a copy of its own; runs with other files may go on beside this one.
  const copies = `${options.out}.copies`;
  const runners = Array.from({ length: options.jobs }, (_, job) => {
    copyTree(`${copies}/${job}`);
    return createTestRunner(`${copies}/${job}`);
  });
  await judgeAll(mutants, {
    runners,
    checksOf: (path) => listChecks(path, { tests: testsOf(path).slice(0, tests), suites }),
    skip: file.earlier,
    onVerdict: ({ index, mutant, verdict, elapsedS }) => {
      const judgement = { index, ...describeChange(mutant), ...verdict, elapsedS };
      file.append(judgement);
      judgements.push(judgement);
      const by = verdict.by === "" ? "" : ` by ${verdict.by}`;
      print(
        `${judgements.length}/${mutants.length} ${
          describeJudgement(judgement)
        }: ${verdict.kind}${by}`,
      );
    },
  });
  file.close();
  print(summarize(judgements));
  Deno.removeSync(copies, { recursive: true });
}

function chooseMutants(files: readonly SourceFile[], options: Options): Mutant[] {
  if (options.again === null) {
    return drawMutants(files, { count: options.count, random: createRandom(options.seed) });
  }
  const { judgements } = parseJudgements(Deno.readTextFileSync(options.again), options.again);
  const { mutants, gone } = findAgain(judgements, files);
  for (const each of gone) print(`gone: ${each}`);
  return mutants;
}

/** Documents are left out: a run may be described while it goes on. */
function hashOf(files: readonly SourceFile[]): string {
  const hash = createHash("sha256");
  for (const { path, text } of files) {
    if (!path.endsWith(".md")) hash.update(`${path}\0${text}\0`);
  }
  return hash.digest("hex");
}

if (import.meta.main) await main();
