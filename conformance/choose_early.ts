// deno-lint-ignore-file no-console -- a script whose output is what it prints
/**
 * Chooses the cases that run first, so that a wrong subject is told early: for each mutant the
 * cheapest case that rejects it. Takes a report of the suite, for what each case costs:
 *
 *     deno task headwise conformance --subject webgpu --out results/conformance.jsonl
 *     deno task conformance:early results/conformance.jsonl
 *
 * @module
 */
import { type EarlyCase, findEarlyCases } from "./early_cases.ts";

const [report] = Deno.args;
if (report === undefined) {
  console.error("Cannot weigh the cases: give a report of the suite, as results/conformance.jsonl");
  Deno.exit(2);
}
const costs = new Map<string, number>();
for (const line of (await Deno.readTextFile(report)).split("\n")) {
  const row = line === "" ? null : JSON.parse(line);
  if (row?.kind === "case") costs.set(row.query, row.elapsedMs);
}

const { cases, untold } = await findEarlyCases({ costMs: (query) => costs.get(query) ?? 60 });
await Deno.writeTextFile(
  new URL("./early_cases.json", import.meta.url),
  `${JSON.stringify(cases.map(({ query }: EarlyCase) => query), null, 2)}\n`,
);
const totalMs = cases.reduce((sum, { costMs }) => sum + costMs, 0);
console.log(
  `${cases.length} cases of ${(totalMs / 1000).toFixed(1)} s, by that report` +
    (untold.length === 0 ? "" : `; no case tells ${untold.join(", ")}`),
);
