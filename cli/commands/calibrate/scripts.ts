import { join } from "node:path";
import { prepareOutput, PROFILE_SCRIPTS, writeTextAtomically } from "../../../bench/mod.ts";

/** Writes the scripts beside each other, where `python3` finds what they import. */
export async function writeScripts(
  folder: string,
  o: { readonly force: boolean },
): Promise<void> {
  for (const [name, text] of Object.entries(PROFILE_SCRIPTS)) {
    const path = join(folder, name);
    // Another version's begins with the same words.
    const [title] = text.split("\n");
    await prepareOutput(path, {
      what: `the script of headwise`,
      isOwn: (beginning) => beginning.split("\n")[0] === title,
      force: o.force,
    });
    await writeTextAtomically(path, text);
  }
}
