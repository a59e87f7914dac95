/** Tells in seconds whether an adapter answers: one case of each group that it claims to do. */
import { listCases } from "../registry.ts";
import type { Capability } from "../subject.ts";
import type { TestCase } from "../test_definition.ts";

/** Groups whose cases are long by nature. */
const LONG_GROUPS = /fuzz|random|walk/;
/** Cases of refusals alone, which say little of what an adapter answers. */
const REFUSALS = /:bad_/;

/**
 * Picks the cases of a smoke test.
 *
 * @returns The first case of each `suite:path` that needs no more than that.
 */
export function pickSmokeCases(capabilities: ReadonlySet<Capability>): TestCase[] {
  const picked = new Map<string, TestCase>();
  for (const each of listCases()) {
    const { id, needs } = each.definition;
    const group = id.slice(0, id.lastIndexOf(":"));
    const needed = needs(each.params);
    const claimed = needed.length > 0 && needed.every((name) => capabilities.has(name));
    const tells = !LONG_GROUPS.test(each.query) && !REFUSALS.test(id);
    if (claimed && tells && !picked.has(group)) picked.set(group, each);
  }
  return [...picked.values()];
}
