import {
  type FuzzOptions,
  listCases,
  listTestsWith,
  parseQuery,
} from "../../../conformance/mod.ts";
import { judgeSubject } from "./judge.ts";
import { judgeSuite } from "./mutants_run.ts";
import type { LoadedSettings, Resolved } from "../../settings/mod.ts";
import { type CliContext, jsonText, styleOf, writeLines } from "../../terminal/mod.ts";
import { readRegressions } from "./regression_file.ts";
import { requireCases } from "./require_cases.ts";

/** Time for the sequences of a case that no one asked for: an adapter may be slow. */
const DEFAULT_FUZZ_MS = 5000;

/** Runs `headwise conformance`. */
export default async function conformance(
  this: CliContext,
  resolved: LoadedSettings<"conformance">,
): Promise<void> {
  const { stdout } = this.process;
  const { values } = resolved;
  const style = styleOf(stdout);
  if (values.selfTest) {
    return await judgeSuite(this, { json: values.json, format: values.format, style });
  }
  const texts = (values.filter ?? "").split(/\s+/).filter((text) => text !== "");
  const filters = texts.map(parseQuery);
  const kept = await readRegressions(this, values.regressions);
  const tests = listTestsWith({ fuzz: fuzzOptionsOf(resolved), regressions: kept });
  if (values.list) {
    requireCases(filters, { tests, origin: resolved.origins.filter });
    const queries = listCases({ filters, tests }).map(({ query }) => query);
    writeLines(stdout, values.json ? [jsonText(queries)] : queries);
  } else {
    await judgeSubject(this, { resolved, filters, tests, kept, style });
  }
}

/** How much to fuzz, and for how long: a number that was asked for has the time of its case. */
export function fuzzOptionsOf(
  { values, origins }: Pick<Resolved<"conformance">, "values" | "origins">,
): FuzzOptions & { readonly timeLimitMs: number } {
  const timeLimitMs = origins.fuzz.kind === "default"
    ? DEFAULT_FUZZ_MS
    // The rest of a case's time is for the sequence that is running when the limit is reached.
    : Math.ceil(0.8 * values.timeoutMs);
  return { sequences: values.fuzz, seed: values.seed, timeLimitMs };
}
