import type { Probe } from "./probe.ts";

/** How one thing that the tool can use stands. */
export type FindingState =
  /** It is there. */
  | "ok"
  /** It is there, and can do less than it might. */
  | "limited"
  /** It is not there. */
  | "missing"
  /** The process may not look, so nothing is said of it. */
  | "unknown";

/** One thing that the tool can use. */
export interface Finding {
  readonly name: string;
  /** How it stands. */
  readonly state: FindingState;
  /** What was found. */
  readonly detail: string;
  /** What it is good for. */
  readonly why: string;
  /** How to fix it: a command, or a permission to start headwise with; null where all is well. */
  readonly fix: string | null;
  /** Whether the main job, `headwise bench`, cannot run without it. */
  readonly required: boolean;
}

/** What a check says of the thing that it looked at. */
export type FindingFacts = Pick<Finding, "state" | "detail"> & { readonly fix?: string };

/** One thing that the tool can use, and how one looks at it. */
export interface Check extends Pick<Finding, "name" | "why"> {
  readonly required?: boolean;
  readonly look: (probe: Probe) => FindingFacts | Promise<FindingFacts>;
}

/** Makes a finding. */
export function findingOf(
  thing: Pick<Check, "name" | "why" | "required">,
  facts: FindingFacts,
): Finding {
  const { name, why, required = false } = thing;
  return { name, state: facts.state, detail: facts.detail, why, fix: facts.fix ?? null, required };
}

/** Looks at everything in turn. */
export async function examineAll(checks: readonly Check[], probe: Probe): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) findings.push(findingOf(check, await check.look(probe)));
  return findings;
}

/** Says that it is there. */
export function ok(detail: string): FindingFacts {
  return { state: "ok", detail };
}

/** Says that it is there, and can do less than it might. */
export function limited(detail: string, fix: string): FindingFacts {
  return { state: "limited", detail, fix };
}

/** Says that it is not there. */
export function missing(detail: string, fix: string): FindingFacts {
  return { state: "missing", detail, fix };
}

/**
 * Says that the process may not look.
 *
 * @param permission The permission that it takes, as a flag of Deno.
 */
export function notAllowed(permission: string): FindingFacts {
  return {
    state: "unknown",
    detail: "this process may not look",
    fix: `start headwise with ${permission}`,
  };
}
