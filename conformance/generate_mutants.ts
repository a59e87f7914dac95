/** Writes `docs/mutants.md`. */
import { mutantsMarkdown } from "./mutant_table.ts";

await Deno.writeTextFile(new URL("../docs/mutants.md", import.meta.url), mutantsMarkdown());
