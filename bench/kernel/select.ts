/** Which cases of a file are run. */

import { nearestName } from "../../fixtures/mod.ts";
import type { KernelCase, KernelCaseSet } from "./case.ts";
import { optionError } from "../result/mod.ts";

/**
 * Selects cases by list and by name.
 *
 * @param o The list, or all of them; and a pattern of names in which `*` stands for any text and
 * commas separate alternatives.
 * @throws {BenchError} When nothing is selected.
 */
export function selectKernelCases(
  cases: readonly KernelCase[],
  o: { readonly set: KernelCaseSet | "all"; readonly glob: string },
): readonly KernelCase[] {
  const patterns = o.glob.split(",").map((pattern) => pattern.trim().split("*"));
  const inSet = cases.filter(({ set }) => o.set === "all" || set === o.set);
  const found = inSet.filter(({ name }) => patterns.some((parts) => matchesParts(name, parts)));
  if (found.length > 0) return found;
  const names = inSet.map(({ name }) => name);
  const nearest = nearestName(o.glob, names);
  const fix = nearest === undefined
    ? `use one of: ${names.join(", ")}`
    : `did you mean '${nearest}'?`;
  throw optionError(`Cannot find a case named '${o.glob}' in the set '${o.set}'; ${fix}`);
}

/** Whether a name is the parts of a pattern in order, with any text between two of them. */
function matchesParts(name: string, parts: readonly string[]): boolean {
  const first = parts[0]!;
  if (parts.length === 1) return name === first;
  const last = parts.at(-1)!;
  if (!name.startsWith(first)) return false;
  // The earliest place of each part leaves the most room for those that follow.
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return name.length - last.length >= from && name.endsWith(last);
}
