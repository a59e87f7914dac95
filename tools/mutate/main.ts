/**
 * Makes small seeded changes to copies of the product's files, and lists those that no test notices.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { createRandom } from "../../allocator/mod.ts";
import { readSourceTree } from "../../.ci/source_tree.ts";
import { drawMutants } from "./sample.ts";
import { nearestTests } from "./nearest_tests.ts";
import { copyTree, createTestRunner } from "./test_run.ts";
import { describeMutant, findRedTests, judgeMutant, summarize, type Verdict } from "./verdict.ts";

const FOLDER = "results/mutate";

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      count: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      from: { type: "string", default: "1" },
      tests: { type: "string", default: "6" },
      suites: { type: "boolean", default: false },
    },
  });
  const whole = (name: "count" | "seed" | "from" | "tests"): number => {
    const value = Number(values[name]);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw new RangeError(`Cannot read --${name} "${values[name]}": give a whole number from 1`);
  };
  return {
    count: whole("count"),
    seed: whole("seed"),
    from: whole("from"),
    tests: whole("tests"),
    suites: values.suites,
  };
}

async function main(): Promise<number> {
  const options = readOptions(Deno.args);
  const files = readSourceTree(".");
  const testsOf = nearestTests(files);
  const mutants = drawMutants(files, { ...options, random: createRandom(options.seed) });
  await copyTree(FOLDER);
  const runner = createTestRunner(FOLDER);
  const verdicts: Verdict[] = [];
  for (const [index, mutant] of mutants.entries()) {
    if (index + 1 < options.from) continue;
    const tests = testsOf(mutant.path).slice(0, options.tests);
    const verdict = await judgeMutant(mutant, { runner, tests, suites: options.suites });
    verdicts.push(verdict);
    say(`${index + 1}/${mutants.length} ${describeMutant(mutant)}: ${verdict.kind} ${verdict.by}`);
  }
  const red = await findRedTests(verdicts, runner);
  for (const test of red) say(`${test} fails without any change; repair it and run again`);
  say(summarize(verdicts));
  Deno.removeSync(FOLDER, { recursive: true });
  return red.length === 0 ? 0 : 1;
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await main());
