/**
 * Splits a line into words as a POSIX shell does, as far as quotes and backslashes go. Bash itself
 * splits at `=` and `:` too, which would tear `--clock=model` apart.
 *
 * @param line The line up to the cursor, the program's name first.
 * @param breaks Characters at which the shell begins a new word to complete: `COMP_WORDBREAKS`.
 * @returns The words behind the program's name, without quotes, of which the last one is being written
 *   and may be empty; and what of it stands before the part that the shell replaces.
 */
export function splitLine(line: string, breaks: string): { words: string[]; kept: string } {
  const words: string[] = [];
  let word: string | null = null;
  let kept = "";
  let quote: string | null = null;
  for (let index = 0; index < line.length; index++) {
    const letter = line[index]!;
    if (quote === null && /\s/.test(letter)) {
      if (word !== null) words.push(word);
      word = null;
      kept = "";
    } else if (letter === quote) {
      quote = null;
    } else if (quote === null && (letter === "'" || letter === '"')) {
      quote = letter;
      word ??= "";
    } else {
      const isEscape: boolean = letter === "\\" && quote !== "'";
      word = (word ?? "") + (isEscape ? line[++index] ?? "" : letter);
      if (!isEscape && quote === null && breaks.includes(letter)) kept = word;
    }
  }
  return { words: [...words, word ?? ""].slice(1), kept };
}
