import { JOB_VARIABLES } from "./report.ts";

/** Environment variables that are no settings of a command. */
export interface KnownVariables {
  /** Their names; several where they mean the same. */
  readonly names: readonly string[];
  readonly brief: string;
  /** The one command that reads them; absent where every command does. */
  readonly command?: string;
  /** Whether their values are secret: never shown, and kept from every program that is started. */
  readonly isSecret?: boolean;
}

/** Variables with the bearer tokens of servers; no settings, so that nothing shows them. */
export const TOKEN_VARIABLES = {
  endpoint: "HEADWISE_ENDPOINT_TOKEN",
  against: "HEADWISE_AGAINST_TOKEN",
} as const;

/** Environment variables that are read beside those of settings. */
export const GENERAL_VARIABLES: readonly KnownVariables[] = [
  { names: ["HEADWISE_CONFIG"], brief: "Settings file, as --config." },
  {
    names: [TOKEN_VARIABLES.endpoint],
    brief: "Bearer token for the server of --endpoint, and for --against on the same host and " +
      "port; no result holds it.",
    command: "bench",
    isSecret: true,
  },
  {
    names: [TOKEN_VARIABLES.against],
    brief: "Bearer token for the server of --against; no result holds it.",
    command: "bench",
    isSecret: true,
  },
  {
    names: JOB_VARIABLES,
    brief: "What a surrounding job says of --shard and --run.",
    command: "conformance",
  },
  {
    names: ["HEADWISE_CACHE_DIR"],
    brief: "Folder that the self-extracting executable unpacks into.",
  },
  {
    names: ["HEADWISE_DAWN"],
    brief: "A package of Dawn in place of npm's, as FOLDER/index.js, with --gpu dawn.",
  },
  { names: ["HEADWISE_TRACES"], brief: "Folder of traces that tests and scripts replay." },
  { names: ["NO_COLOR"], brief: "Any value but an empty one switches colours off." },
  {
    names: ["FORCE_COLOR"],
    brief: "Any value but an empty one and 0 switches colours on, in a pipe too.",
  },
  { names: ["TERM"], brief: "'dumb' switches colours off." },
  {
    names: ["XDG_RUNTIME_DIR"],
    brief: "Folder that Mesa's drivers want; /tmp stands in where it is not set.",
  },
];

/** Variables whose values are secret. */
export const SECRET_VARIABLES: readonly string[] = GENERAL_VARIABLES.flatMap(
  ({ names, isSecret }) => isSecret === true ? names : [],
);
