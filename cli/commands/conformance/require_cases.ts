import {
  listCases,
  matchesQuery,
  printQuery,
  type Query,
  suggestQuery,
  type TestDefinition,
} from "../../../conformance/mod.ts";
import { type Origin, SettingError } from "../../settings/mod.ts";

/**
 * Requires every query to match a case: one that matches none is a typing error, and a run that
 * leaves it out would pass for less than was asked.
 *
 * @param filters Queries; none means every case.
 * @throws {SettingError} When a query matches nothing; it names the likely one.
 */
export function requireCases(
  filters: readonly Query[],
  o: { readonly tests: readonly TestDefinition[]; readonly origin: Origin },
): void {
  const cases = listCases({ tests: o.tests });
  for (const filter of filters) {
    if (cases.some(({ parsed }) => matchesQuery(filter, parsed))) continue;
    const nearest = suggestQuery(filter, cases);
    const fix = nearest === undefined ? "--list shows every case" : `did you mean '${nearest}'?`;
    const text = printQuery(filter).replace(/(:\*)+$/, "");
    throw new SettingError(`No case matches '${text}'; ${fix}`, o.origin);
  }
}
