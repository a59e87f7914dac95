/** Which cases of a file are run. */

import { nearestName } from "../../fixtures/mod.ts";
import type { KernelCase, KernelCaseSet } from "./case.ts";
import { BenchError } from "../result/mod.ts";

/**
 * Selects cases by list and by name.
 *
 * @param cases Cases of a file.
 * @param o The list, or all of them; and a pattern of names in which `*` stands for any text and
 * commas separate alternatives.
 * @returns The cases selected, in the order of the file.
 * @throws {BenchError} When nothing is selected.
 */
export function selectKernelCases(
  cases: readonly KernelCase[],
  o: { readonly set: KernelCaseSet | "all"; readonly glob: string },
): readonly KernelCase[] {
  const patterns = o.glob.split(",").map((pattern) =>
    new RegExp(`^${pattern.trim().split("*").map((part) => RegExp.escape(part)).join(".*")}$`)
  );
  const inSet = cases.filter(({ set }) => o.set === "all" || set === o.set);
  const found = inSet.filter(({ name }) => patterns.some((pattern) => pattern.test(name)));
  if (found.length > 0) return found;
  const names = inSet.map(({ name }) => name);
  const nearest = nearestName(o.glob, names);
  const fix = nearest === undefined
    ? `use one of: ${names.join(", ")}`
    : `did you mean '${nearest}'?`;
  throw new BenchError(
    "bench/option",
    `Cannot find a case named '${o.glob}' in the set '${o.set}'; ${fix}`,
  );
}
