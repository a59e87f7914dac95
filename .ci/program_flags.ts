/** Variables that the program documents. */
export const VARIABLES =
  "HEADWISE_*,FD_*,JOB_COMPLETION_*,SLURM_ARRAY_*,CI_NODE_*,CI_PIPELINE_ID," +
  "GITHUB_RUN_ID,NO_COLOR,FORCE_COLOR,TERM,XDG_RUNTIME_DIR";

/** Variables that the program does not document look unset, to packages and to itself. */
export const IGNORED_VARIABLES = "--ignore-env";

/**
 * What the program may do wherever it runs without a checkout: read below the current folder, write
 * below `results` there, talk to this machine alone, start `python3` for `exec:` adapters, and see
 * the variables that it documents.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-read=.",
  "--allow-write=results",
  "--allow-net=127.0.0.1",
  "--allow-run=python3",
  `--allow-env=${VARIABLES}`,
  IGNORED_VARIABLES,
];

/** Arguments of `deno` between `run` and the program: nothing of the current folder configures it. */
export const RUN_FLAGS: readonly string[] = [
  "--quiet",
  "--unstable-webgpu",
  "--no-config",
  "--no-remote",
  "--no-prompt",
  ...PERMISSIONS,
];

/** The name that the program leaves behind, so that a file without content is no success. */
export const RAN_MARK = "headwise.ran";

/** Runs before the program, and has what did not run end with 71, as what did not start does. */
const GUARD = `addEventListener("unload",()=>{if(!globalThis[Symbol.for("${RAN_MARK}")]){` +
  `console.error("headwise: Nothing ran: install it again");Deno.exitCode=71}})`;

/** What an installed program is started with: the flags, and a check that it did run. */
export const START_FLAGS: readonly string[] = [
  ...RUN_FLAGS,
  `--preload=data:text/javascript,${GUARD.replaceAll(" ", "%20")}`,
];
