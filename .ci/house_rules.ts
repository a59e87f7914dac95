import { checkPins, checkPlaces, checkTasks } from "./config_rules.ts";
import {
  checkImportDirection,
  checkLazyCommands,
  checkPackageFreeFolders,
} from "./import_rules.ts";
import { checkCircles, checkRooms } from "./room_rules.ts";
import { checkFileSizes, checkMedianSize, checkTestsBeside } from "./size_rules.ts";
import { checkWords } from "./word_rules.ts";
import { type Breach, readSourceTree, type SourceFile } from "./source_tree.ts";
import { print } from "../tools/print.ts";

/** Every rule of the house, in the order in which breaches are printed. */
export const RULES: readonly ((files: readonly SourceFile[]) => Breach[])[] = [
  checkImportDirection,
  checkRooms,
  checkCircles,
  checkPackageFreeFolders,
  checkLazyCommands,
  checkFileSizes,
  checkMedianSize,
  checkTestsBeside,
  checkPins,
  checkTasks,
  checkPlaces,
  checkWords,
];

/** Applies every rule to the files. */
export function findBreaches(files: readonly SourceFile[]): Breach[] {
  return RULES.flatMap((rule) => rule(files));
}

if (import.meta.main) {
  const breaches = findBreaches(readSourceTree("."));
  const lines = breaches.map((breach) => `${breach.path}: ${breach.rule}: ${breach.message}`);
  lines.push(breaches.length === 0 ? "House rules hold" : `House rules broken: ${breaches.length}`);
  print(lines.join("\n"));
  Deno.exit(breaches.length === 0 ? 0 : 1);
}
