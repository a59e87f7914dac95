/** Longest text worth comparing: a key of a hostile file may be as long as the file. */
const MAX_TEXT_LENGTH = 64;

/**
 * Finds the word that somebody most likely meant, without loading a folder: the fixtures' own search
 * comes with their parsers, which a command line that fails does not need.
 *
 * @returns The one word that it begins, or the one with the fewest edits, at most a third of the
 * text's length; undefined where none is near.
 */
export function nearestWord(text: string, words: readonly string[]): string | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  const wanted = text.toLowerCase();
  const begun = words.filter((word) => wanted !== "" && word.toLowerCase().startsWith(wanted));
  if (begun.length === 1) return begun[0];
  const most = Math.max(1, Math.floor(wanted.length / 3));
  return words.map((word) => ({ word, edits: countEdits(wanted, word.toLowerCase()) }))
    .filter(({ edits }) => edits <= most)
    .sort((left, right) => left.edits - right.edits)[0]?.word;
}

/** Letters inserted, deleted, replaced, or swapped with the next one; three rows of the table. */
export function countEdits(from: string, to: string): number {
  let [before, row]: [number[], number[]] = [[], [...Array(to.length + 1).keys()]];
  for (let index = 0; index < from.length; index++) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column++) {
      const replaced = row[column - 1]! + (from[index] === to[column - 1] ? 0 : 1);
      const isSwap = index > 0 && column > 1 && from[index] === to[column - 2] &&
        from[index - 1] === to[column - 1];
      const swapped = isSwap ? before[column - 2]! + 1 : Infinity;
      next.push(Math.min(replaced, row[column]! + 1, next[column - 1]! + 1, swapped));
    }
    [before, row] = [row, next];
  }
  return row.at(-1)!;
}
