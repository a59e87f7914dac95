import assert from "node:assert/strict";
import { guardAllocator, guardKernel } from "../guard.ts";
import { listCases } from "../registry.ts";
import { seedOfQuery } from "../run.ts";
import type { TableDump, TableFault } from "../subject.ts";
import { createOracleSubject } from "../subjects/oracle.ts";
import { validatorTests } from "../suites/validator_tests.ts";
import { validatorMutants } from "./validator_family.ts";

/** Every table that the suite asks a validator about. */
async function questionsOfSuite(): Promise<TableDump[]> {
  const asked: TableDump[] = [];
  const { allocator, capabilities } = createOracleSubject();
  const recording = {
    ...allocator!,
    validate: (o: TableDump) => (asked.push(structuredClone(o)), allocator!.validate(o)),
  };
  for (const { query, definition, params } of listCases({ tests: validatorTests })) {
    await definition.run({
      query,
      params,
      seed: seedOfQuery(query),
      allocator: guardAllocator(recording, { claims: capabilities }),
      kernel: guardKernel(undefined),
    });
  }
  // Questions of a wrong type are for the shape alone.
  return asked.filter((o) =>
    [o.table, o.headWindows, o.lengthsTokens].every((each) => each instanceof Int32Array)
  );
}

Deno.test("validators with a fault tell what they should of the clauses that they do not violate", async () => {
  const good = createOracleSubject().allocator!;
  const questions = await questionsOfSuite();
  const answers = await Promise.all(questions.map((each) => good.validate(each)));
  assert.ok(questions.length > 100);
  for (const mutant of validatorMutants) {
    const { allocator } = mutant.create();
    const others = (faults: readonly TableFault[]) =>
      faults.filter(({ clause }) => !mutant.violates.includes(clause))
        .map(({ clause, slot, head }) => `${clause}, slot ${slot}, head ${head}`);
    for (const [at, question] of questions.entries()) {
      const told = await allocator!.validate(question);
      // A fault that is gone may bring out the next one of its entry.
      if (answers[at]!.length !== others(answers[at]!).length) continue;
      assert.deepEqual(others(told), others(answers[at]!), `${mutant.name}, question ${at}`);
    }
  }
});
