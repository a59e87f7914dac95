/** Writes `docs/power.md`: `deno task docs:power`. */
import { powerMarkdown } from "./power_table.ts";

await Deno.writeTextFile(new URL("../../docs/power.md", import.meta.url), powerMarkdown());
