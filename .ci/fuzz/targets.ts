/** Every reader of the project that takes what others wrote. */
import type { FuzzTarget } from "./target.ts";
import { CONFORMANCE_TARGETS } from "./targets_conformance.ts";
import { FIXTURE_TARGETS } from "./targets_fixtures.ts";
import { RESULT_TARGETS } from "./targets_results.ts";
import { SERVER_TARGETS } from "./targets_server.ts";

/** Targets of all folders. */
export const TARGETS: readonly FuzzTarget[] = [
  ...FIXTURE_TARGETS,
  ...RESULT_TARGETS,
  ...CONFORMANCE_TARGETS,
  ...SERVER_TARGETS,
];
