import type { Random } from "../../allocator/mod.ts";
import { folderOf, isImplementation, type SourceFile } from "../../.ci/source_tree.ts";
import { applyChange, type Change, isWorthRunning, listChanges } from "./changes.ts";

/** A change, and the file that it is made in. */
export interface Mutant {
  /** Path from the root of the checkout. */
  readonly path: string;
  /** Line of the change, from 1. */
  readonly line: number;
  readonly change: Change;
  /** The file's own text. */
  readonly original: string;
  /** The whole changed text. */
  readonly text: string;
}

/** Where a room can be changed, by kind of change. */
type Sites = Map<string, { readonly file: SourceFile; readonly change: Change }[]>;

const TOP_FOLDERS = ["allocator", "fixtures", "kernel", "bench", "conformance", "cli"];

/**
 * Files that are changed: those of the product. Tests, what only tests load, and the scripts of
 * developers' tasks are left out.
 */
export function listTargets(files: readonly SourceFile[]): SourceFile[] {
  const config = files.find(({ path }) => path === "deno.json")?.text ?? "";
  const isScript = (path: string): boolean => path !== "cli/main.ts" && config.includes(path);
  return files.filter(({ path }) =>
    TOP_FOLDERS.includes(path.split("/")[0]!) && isImplementation(path) &&
    !/\/testdata\/|\/test(?:ing|_support)[^/]*\.ts$|\.d\.ts$/.test(path) && !isScript(path)
  );
}

/**
 * Draws `count` mutants: rooms in turn, in a shuffled order, and in a room a kind of change before a
 * place, so that neither large rooms nor tables of constants are most of the sample.
 */
export function drawMutants(
  files: readonly SourceFile[],
  options: { readonly count: number; readonly random: Random },
): Mutant[] {
  const { count, random } = options;
  const rooms = new Map<string, Sites>();
  for (const file of listTargets(files)) {
    const kinds: Sites = rooms.get(folderOf(file.path)) ?? new Map();
    for (const change of listChanges(file.text)) {
      const sites = kinds.get(change.kind);
      if (sites === undefined) kinds.set(change.kind, [{ file, change }]);
      else sites.push({ file, change });
    }
    if (kinds.size > 0) rooms.set(folderOf(file.path), kinds);
  }
  const order = shuffle([...rooms.values()], random);
  const drawn: Mutant[] = [];
  for (let turn = 0; drawn.length < count && order.length > 0; turn++) {
    const kinds = order[turn % order.length]!;
    const mutant = drawFrom(kinds, random);
    if (mutant !== null) drawn.push(mutant);
    else order.splice(turn % order.length, 1);
  }
  return drawn;
}

/** Takes one site out of a room; null where none is left. */
function drawFrom(kinds: Sites, random: Random): Mutant | null {
  while (kinds.size > 0) {
    const names = [...kinds.keys()].sort();
    const kind = names[random.nextBelow(names.length)]!;
    const sites = kinds.get(kind)!;
    const [site] = sites.splice(random.nextBelow(sites.length), 1);
    if (sites.length === 0) kinds.delete(kind);
    const { file, change } = site!;
    if (!isWorthRunning(file.text, change)) continue;
    const line = file.text.slice(0, change.start).split("\n").length;
    const text = applyChange(file.text, change);
    return { path: file.path, line, change, original: file.text, text };
  }
  return null;
}

function shuffle<T>(items: T[], random: Random): T[] {
  for (let at = items.length - 1; at > 0; at--) {
    const other = random.nextBelow(at + 1);
    [items[at], items[other]] = [items[other]!, items[at]!];
  }
  return items;
}
