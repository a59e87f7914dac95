import { normalize } from "node:path/posix";
import { runTimeEdges } from "../../.ci/import_rules.ts";
import { folderOf, type SourceFile } from "../../.ci/source_tree.ts";

/** Files that are started in a process of their own, by the path that they are named by. */
const STARTED = /(?:import\.meta\.resolve|new URL)\("(\.[^"]*\.ts)"/g;

/**
 * The tests that may notice a change of a file, nearest first: the one beside it, then those of its
 * folder, then those that reach it by the fewest imports, those of its own room before others. The
 * tools' and `.ci`'s own tests are left out.
 */
export function nearestTests(
  files: readonly SourceFile[],
): (path: string) => string[] {
  const importers = new Map<string, string[]>();
  for (const [path, edges] of runTimeEdges(files)) {
    if (/^(?:tools|\.ci)\//.test(path)) continue;
    for (const { target } of edges) {
      importers.set(target, [...(importers.get(target) ?? []), path]);
    }
  }
  for (const { path, text } of files) {
    if (!path.endsWith(".ts") || /^(?:tools|\.ci)\//.test(path)) continue;
    for (const [, name] of text.matchAll(STARTED)) {
      const target = normalize(`${folderOf(path)}/${name}`);
      importers.set(target, [...(importers.get(target) ?? []), path]);
    }
  }
  const paths = new Set(files.map(({ path }) => path));
  return (path) => {
    const beside = path.replace(/\.ts$/, "_test.ts");
    const found = new Set(paths.has(beside) ? [beside] : []);
    const seen = new Set([path]);
    for (let front = [path]; front.length > 0;) {
      const next = front.flatMap((each) => importers.get(each) ?? []).filter((each) =>
        !seen.has(each) && seen.add(each)
      );
      const tests = next.filter((each) => each.endsWith("_test.ts"));
      for (const test of tests.sort(closerTo(folderOf(path)))) found.add(test);
      front = next;
    }
    const [first, ...others] = found;
    if (first === undefined) return [];
    const isNear = (test: string): boolean => folderOf(test) === folderOf(path);
    return [first, ...others.filter(isNear), ...others.filter((test) => !isNear(test))];
  };
}

function closerTo(folder: string): (a: string, b: string) => number {
  const top = folder.split("/")[0]!;
  const distance = (test: string): number =>
    folderOf(test) === folder
      ? 0
      : test.startsWith(`${folder}/`)
      ? 1
      : test.startsWith(`${top}/`)
      ? 2
      : 3;
  return (a, b) => distance(a) - distance(b) || (a < b ? -1 : 1);
}
