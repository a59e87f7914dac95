import { nearestName } from "../fixtures/mod.ts";
import { printQuery, type Query } from "./query.ts";

/** Levels of names in a query: suite, path and test. Parameters are values, which are not guessed. */
const NAME_LEVELS = 3;

/**
 * Finds what a query that matches no case was most likely meant to be, level by level.
 *
 * @returns Text of a query that matches cases, or undefined where a level is near to no name.
 */
export function suggestQuery(
  query: Query,
  cases: readonly { readonly parsed: Query }[],
): string | undefined {
  const wanted = printQuery(query).split(":");
  let known = cases.map(({ parsed }) => printQuery(parsed).split(":"));
  const found: string[] = [];
  for (const [level, name] of wanted.slice(0, NAME_LEVELS).entries()) {
    if (name.includes("*")) break;
    const names = new Set(known.map((levels) => levels[level]!));
    const nearest = names.has(name) ? name : nearestName(name, names);
    if (nearest === undefined) return undefined;
    found.push(nearest);
    known = known.filter((levels) => levels[level] === nearest);
  }
  return found.length === 0 ? undefined : found.join(":");
}
