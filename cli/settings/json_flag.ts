/** Flags of the commands that only choose a form of output. */
export interface JsonFlag {
  /** Whether to print JSON. */
  readonly json: boolean;
}

/** The flag `--json` of those commands. */
export const JSON_FLAG = { kind: "boolean", brief: "Print JSON", default: false } as const;
