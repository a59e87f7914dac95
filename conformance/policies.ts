/**
 * What an implementation may decide otherwise than the default without being wrong: its policies.
 * A subject is judged against its own declaration, and a report names what differs.
 */
import type { PolicyDifference } from "./report_schema.ts";

/** How a ratio of window heads becomes a count. */
export interface HeadRounding {
  /** Rounding of H · ratio. */
  readonly mode: "floor" | "nearest" | "ceil";
  /** Fewest window heads where the ratio is above 0. */
  readonly least: number;
}

/** Every policy, declared. */
export interface Policies {
  /** Count of window heads of a pattern. */
  readonly headRounding: HeadRounding;
  /** Heads that a pattern is resolved over: those of the rank, or of the whole model. */
  readonly patternScope: "rank" | "model";
  /**
   * When dead pages are freed: by a command at a page boundary, by a command whenever it is safe, or
   * by `extend` itself (an allocator without the command).
   */
  readonly recycleMoment: "boundary" | "any-safe" | "in-extend";
  /** Growing past the end of a row: refused, or cut to what the row holds. */
  readonly endOfRow: "refuse" | "clamp";
  /** What stands for a hole: −1, or 0 where page 0 of every pool is kept as a null page. */
  readonly nullId: -1 | 0;
  /** Whether a column is cleared when its page is freed, or keeps an id that no one may read. */
  readonly deadColumns: "cleared" | "stale";
  /** Whether a shortage names need, free and capacity. */
  readonly shortage: "detailed" | "bare";
  /** What availability counts: free pages of every head, uniform pages, or nothing. */
  readonly availability: "heads" | "uniform-pages" | "none";
}

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

function describePolicy(value: Policies[PolicyName]): string {
  return typeof value === "object" ? `${value.mode}, at least ${value.least}` : String(value);
}
