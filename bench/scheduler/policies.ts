/** The policies by name. */

import { REFERENCE_POLICY } from "./reference.ts";
import type { SchedulerPolicy } from "./scheduler.ts";

/** The policy that a workload asks for. */
export function policyOf(): SchedulerPolicy {
  return REFERENCE_POLICY;
}
