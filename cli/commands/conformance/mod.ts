import { buildSettingsCommand } from "../../settings/mod.ts";

const CONFORMANCE_DESCRIPTION = `\
Runs the conformance suite. A test id is a query, suite:path:test:parameters, and the same text
selects, reports and repeats a case. Exits 0 conformant, 1 not, 2 no case matched, 3 the suite
broke, 4 the subject broke.

Another implementation is judged through an adapter (docs/adapters.md): a program that speaks JSON
lines, a TypeScript module, a shared library; or by a block table that it dumped.

EXAMPLES
  headwise conformance
  headwise conformance --subject oracle --filter allocator
  headwise conformance --list --filter kernel
  headwise conformance --subgroups off --format junit > report.xml
  headwise conformance --subject 'exec:python3 my_adapter.py'
  headwise conformance --subject dump:table.npy
  headwise conformance --self-test
  headwise conformance --filter fuzz --fuzz 100000 --seed 7 --timeout-ms 600000
  headwise conformance --shard 2/4 --out results/shard-2.jsonl
  headwise conformance --expectations known.yaml`;

/** `headwise conformance`. */
export const conformanceCommand = buildSettingsCommand({
  command: "conformance",
  loader: () => import("./run.ts"),
  brief: "Judge an implementation, clause by clause",
  description: CONFORMANCE_DESCRIPTION,
});

/** `headwise clauses`. */
export const clausesCommand = buildSettingsCommand({
  command: "clauses",
  loader: () => import("./clauses_run.ts"),
  takes: { brief: "Only these clauses, by id", placeholder: "CLAUSE" },
  brief: "List the clauses of the block-table ABI and their tests",
  description: "Lists every normative sentence with its id, level and number of tests.\n\n" +
    "EXAMPLES\n  headwise clauses\n  headwise clauses --uncovered\n" +
    "  headwise clauses pool/conservation\n" +
    "  headwise clauses --markdown > docs/clauses.md",
});
