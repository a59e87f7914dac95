/**
 * What an implementation may decide otherwise than the default without being wrong: its policies.
 * A subject is judged against its own declaration, and a report names what differs.
 */
import type { Stored } from "../fixtures/mod.ts";
import type { policiesSchema } from "./adapters/protocol/policies_schema.ts";
import type { PolicyDifference } from "./report_schema.ts";

/** Every policy, declared. */
export type Policies = Stored<typeof policiesSchema>;

/** How a ratio of window heads becomes a count. */
export type HeadRounding = Policies["headRounding"];

export type PolicyName = keyof Policies;

/** What holds where a subject declares nothing. */
export const DEFAULT_POLICIES: Policies = {
  headRounding: { mode: "floor", least: 0 },
  patternScope: "rank",
  recycleMoment: "boundary",
  endOfRow: "refuse",
  nullId: -1,
  deadColumns: "cleared",
  shortage: "detailed",
  availability: "heads",
};

/** Completes a declaration. */
export function resolvePolicies(declared: Partial<Policies> = {}): Policies {
  return { ...DEFAULT_POLICIES, ...declared };
}

/**
 * Lists what a declaration does otherwise than the default.
 *
 * @returns Differences, in the order of {@linkcode DEFAULT_POLICIES}.
 */
export function listPolicyDifferences(declared: Partial<Policies> = {}): PolicyDifference[] {
  const policies = resolvePolicies(declared);
  return (Object.keys(DEFAULT_POLICIES) as PolicyName[])
    .map((policy) => ({
      policy,
      declared: describePolicy(policies[policy]),
      standard: describePolicy(DEFAULT_POLICIES[policy]),
    }))
    .filter((each) => each.declared !== each.standard);
}

/** What a failure adds that a declaration would make right. */
export function unlessDeclared(policy: PolicyName, value: string | number): string {
  return `; an adapter whose policy that is declares ${policy} ${value}`;
}

function describePolicy(value: Policies[PolicyName]): string {
  return typeof value === "object" ? `${value.mode}, at least ${value.least}` : String(value);
}
