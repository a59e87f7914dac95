/**
 * What an implementation may decide otherwise than the default without being wrong: its policies.
 * A subject is judged against its own declaration, and a report names what differs.
 */
import { z } from "zod";
import type { Stored } from "../fixtures/mod.ts";
import type { PolicyDifference } from "./report_schema.ts";

/** Every policy, declared; an adapter declares those that differ from the default. */
export const policiesSchema = z.strictObject({
  /** How a ratio of window heads becomes a count: rounding of H · ratio, and the fewest above 0. */
  headRounding: z.strictObject({
    mode: z.enum(["floor", "nearest", "ceil"]),
    least: z.int().min(0),
  }),
  /** Heads that a pattern is resolved over: those of the rank, or of the whole model. */
  patternScope: z.enum(["rank", "model"]),
  /**
   * When dead pages are freed: by a command at a page boundary, by a command whenever it is safe, or
   * by `extend` itself (an allocator without the command).
   */
  recycleMoment: z.enum(["boundary", "any-safe", "in-extend"]),
  /** Growing past the end of a row: refused, or cut to what the row holds. */
  endOfRow: z.enum(["refuse", "clamp"]),
  /** What stands for a hole: −1, or 0 where page 0 of every pool is kept as a null page. */
  nullId: z.union([z.literal(-1), z.literal(0)]),
  /** Whether a column is cleared when its page is freed, or keeps an id that no one may read. */
  deadColumns: z.enum(["cleared", "stale"]),
  /** Whether a shortage names need, free and capacity. */
  shortage: z.enum(["detailed", "bare"]),
  /** What availability counts: free pages of every head, uniform pages, or nothing. */
  availability: z.enum(["heads", "uniform-pages", "none"]),
});

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
