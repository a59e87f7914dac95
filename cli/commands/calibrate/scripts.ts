import { join } from "node:path";
import { prepareOutput, PROFILE_SCRIPTS, writeTextAtomically } from "../../../bench/mod.ts";

/** Writes the scripts beside each other, where `python3` finds what they import. */
export async function writeScripts(folder: string): Promise<void> {
  for (const [name, text] of Object.entries(PROFILE_SCRIPTS)) {
    const path = join(folder, name);
    await prepareOutput(path);
    await writeTextAtomically(path, text);
  }
}
