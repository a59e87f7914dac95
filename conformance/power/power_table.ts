/** The power of the suite by clause and arithmetic, as a page of the documentation. */
import { FIELD_ARITHMETICS } from "../../kernel/mod.ts";
import kills from "./arithmetic_kills.json" with { type: "json" };
import type { ArithmeticKills } from "./arithmetic_kills.ts";
import { LEAST_MARGIN, measurePower } from "./power_margins.ts";

/** What became of the kernel mutants when they were last run in every arithmetic. */
export const ARITHMETIC_KILLS: readonly ArithmeticKills[] = kills;

/** Renders the page: margins as they are measured now, and the mutants as they were last run. */
export function powerMarkdown(): string {
  const names = FIELD_ARITHMETICS.map(({ name }) => name);
  const margins = measurePower().map(({ clause, fault, margins }) =>
    `| \`${clause}\` | ${fault} | ${margins.map(formatMargin).join(" | ")} |`
  );
  const judged = ARITHMETIC_KILLS.map(({ arithmetic, mutants, survivors, falseAlarms }) =>
    `| ${arithmetic} | ${mutants} | ${mutants - survivors.length} | ${falseAlarms.length} |`
  );
  return [
    "# Power of the suite by arithmetic",
    "",
    "The wider the interval that a declared arithmetic is given, the more a wrong kernel may hide in it.",
    "`declare/power` asks that, whatever is declared, there are cases whose interval is at most a quarter",
    "of what the smallest fault moves. The cases `kernel:power:*` have one-hot values: an element of the",
    "output is the weight of one key, which every arithmetic has to a relative error, so that one key lost,",
    "one too many or another row's page shows whatever the weights are.",
    "",
    "Written by `deno task docs:power`; do not edit. The arithmetics are those of",
    "[arithmetic.md](arithmetic.md).",
    "",
    "## What the smallest fault moves, over what is accepted",
    "",
    "The least over query rows, keys and both storage types that a fault of the kind changes at all; at",
    `least ${LEAST_MARGIN} is required.`,
    "",
    `| clause | fault | ${names.join(" | ")} |`,
    `| --- | --- | ${names.map(() => "---:").join(" | ")} |`,
    ...margins,
    "",
    "## Mutants in every arithmetic",
    "",
    "Kernels with one fault each, computing in each arithmetic and declaring it, and the right kernel of",
    "that arithmetic: `deno task conformance:arithmetics` runs all of them, the tests run a sample.",
    "",
    "| arithmetic | mutants | rejected | false alarms |",
    "| --- | ---: | ---: | ---: |",
    ...judged,
    "",
  ].join("\n");
}

/** Two significant digits, rounded down; beyond a thousand one is as good as another. */
function formatMargin(margin: number): string {
  if (margin >= 1000) return "> 1000";
  return margin >= 10 ? String(Math.floor(margin)) : (Math.floor(margin * 10) / 10).toFixed(1);
}
