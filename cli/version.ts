import config from "../deno.json" with { type: "json" };

/** Version of the tool, from `deno.json`. */
export const VERSION: string = config.version;

/** Version of Deno that everything is tested with. */
export const DENO_VERSION = "2.9.6";
